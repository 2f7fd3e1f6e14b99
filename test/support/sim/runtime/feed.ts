/**
 * The data plane as a feed tells it: records and Status replies as they change, without asking. Each process of
 * the operator has its own; what it heard last of a pooler that fell silent counts for a while, as in the real one.
 */
import type {
  Feed,
  FeedRequest,
  Heard,
  HeardReply,
} from '../../../../controller/dataplane/feed.ts';
import { HEALTH_TIMING } from '../../../../controller/dataplane/pooler-health.ts';
import { codecs } from '../../../../controller/topo/codec.ts';
import { topoKeys } from '../../../../controller/topo/keys.ts';
import type { Session } from '../session.ts';
import type { SimRuntime } from '../sim-runtime.ts';
import { statusOf } from './status.ts';

/** From a change to the operator's knowing. */
const PUSH_MS = 20;
/** An open stream says at least so often that all is as it was. */
const HEARTBEAT_MS = 5000;
const READ_MS = 10;

interface Hearing extends Heard {
  replies: Map<string, HeardReply>;
}

interface Followed {
  request: FeedRequest;
  heard: Hearing;
  listenedMs: number;
}

export function createSimFeed(runtime: SimRuntime, session: Session): Feed {
  const { ctx } = runtime;
  const followed = new Map<string, Followed>();
  const listeners = new Set<(key: string) => void>();
  let isPlanned = false;

  const answers = (id: string): boolean => {
    const pooler = ctx.poolers.get(id);
    return pooler?.listening === true && !pooler.stopping && runtime.isReachable(pooler);
  };
  const listen = (one: Followed): void => {
    const { request, heard } = one;
    one.listenedMs = ctx.clock.now();
    for (const { id } of request.members) {
      const pooler = ctx.poolers.get(id);
      const known = heard.replies.get(id);
      if (pooler && answers(id)) {
        const value = statusOf(ctx, pooler);
        heard.replies.set(id, { value, atMs: ctx.clock.now(), live: true });
      } else if (known && ctx.clock.now() - known.atMs > HEALTH_TIMING.stalenessMs) {
        heard.replies.delete(id);
      } else if (known?.live) heard.replies.set(id, { ...known, live: false });
    }
    readRecords(heard, request);
  };
  const readRecords = (heard: Hearing, request: FeedRequest): void => {
    if (!ctx.etcd.available) {
      heard.error = 'the topology server does not answer';
      return;
    }
    delete heard.error;
    heard.pending = false;
    heard.readAtMs = ctx.clock.now();
    const cells = [...new Set(request.members.map(({ cell }) => cell))];
    heard.unregisteredCells = cells.filter((cell) => !ctx.etcd.get(topoKeys.cell(ctx.root, cell)));
    heard.entries = new Map(
      ctx.etcd.range(topoKeys.poolers(ctx.root)).map((kv) => {
        const record = codecs.Multipooler.decode(kv.value);
        return [record.id?.name ?? '', { kv, record }];
      }),
    );
  };
  const tell = (): void => {
    isPlanned = false;
    for (const [key, one] of followed) {
      listen(one);
      for (const listener of listeners) listener(key);
    }
  };
  const stop = runtime.onChange(() => {
    if (isPlanned || !session.alive || followed.size === 0) return;
    isPlanned = true;
    session.later(PUSH_MS, tell);
  });
  const follow = (request: FeedRequest): Followed => {
    const known = followed.get(request.key);
    const heard: Hearing = known?.heard ?? {
      pending: true,
      unregisteredCells: [],
      entries: new Map(),
      replies: new Map(),
      broken: new Map(),
    };
    const one = { request, heard, listenedMs: known?.listenedMs ?? ctx.clock.now() };
    followed.set(request.key, one);
    return one;
  };

  return {
    follow(request) {
      const isNew = !followed.has(request.key);
      const one = follow(request);
      if (isNew) session.later(PUSH_MS, tell);
      if (ctx.clock.now() - one.listenedMs > HEARTBEAT_MS) listen(one);
      return copy(one.heard);
    },
    refresh: (request, timeoutMs) =>
      session.request(Math.min(READ_MS, timeoutMs), () => {
        const one = follow(request);
        listen(one);
        return newerThan(ctx.clock.now(), one.heard);
      }),
    forget: (key) => void followed.delete(key),
    onChange(listener) {
      listeners.add(listener);
    },
    close: stop,
  };
}

/** A read on demand: who does not answer now is missing. */
const newerThan = (atMs: number, heard: Heard): Heard => ({
  ...copy(heard),
  replies: new Map([...heard.replies].filter(([, reply]) => reply.atMs >= atMs)),
});

const copy = (heard: Heard): Heard => ({
  ...heard,
  entries: new Map(heard.entries),
  replies: new Map(heard.replies),
});
