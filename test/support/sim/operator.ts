/**
 * The real controller as a process in the simulated world: put together as in controller/main.ts, over a
 * network, a topology and a data plane that are simulated. This file alone knows how that is done.
 */
import type { Controller } from '../../../controller/controller.ts';
import { createFleet } from '../../../controller/fleet.ts';
import { parseKey } from '../../../controller/key.ts';
import { createManager } from '../../../controller/manager.ts';
import { createWakeups } from '../../../controller/wakeups.ts';
import type { Deps } from '../../../controller/deps.ts';
import type { Metrics } from '../../../controller/metrics.ts';
import type { Options } from '../../../controller/options.ts';
import { parseOptions } from '../../../controller/options.ts';
import { createWrites } from '../../../controller/own-writes.ts';
import { createShardController } from '../../../controller/shard/controller.ts';
import { createInformers, createStores } from '../../../controller/watched.ts';
import { createApplier } from '../../../kube/apply.ts';
import { createClient } from '../../../kube/client.ts';
import type { Log } from '../../../kube/log.ts';
import type { Transport } from '../../../kube/transport.ts';
import { topoAccess } from './runtime/etcd.ts';
import { createSimFeed } from './runtime/feed.ts';
import type { Session } from './session.ts';
import type { SimRuntime } from './sim-runtime.ts';

export interface OperatorParts {
  session: Session;
  transport: Transport;
  runtime: SimRuntime;
  random: () => number;
  /** Lines of the log and Events, for the story of a failed test. */
  tell: (text: string) => void;
  /** Told of each Event. */
  onEvent: (event: { type: string; reason: string; message: string }) => void;
  /** Made anew for each process. The Shard's alone unless given. */
  controllers?: () => readonly Controller[];
}

/** Far beyond what a scenario sends, so that the limit of the client never decides. */
const UNLIMITED = 1_000_000;

/** Starts it; it lives until its session dies. */
export function startOperator(parts: OperatorParts): void {
  const { session, random, runtime } = parts;
  const { clock } = session;
  const stores = createStores(() => clock.now());
  const writes = createWrites(stores);
  const kube = createClient({
    transport: parts.transport,
    clock,
    random,
    qps: UNLIMITED,
    burst: UNLIMITED,
    onWrite: (write) => writes.onWrite(write),
    knownVersion: (ref) => writes.knownVersion(ref),
  });
  const log = simLog(parts.tell);
  const metrics = noMetrics();
  const feed = createSimFeed(runtime, session);
  const wakeups = createWakeups();
  feed.onChange((key) => wakeups.wake('shard', parseKey(key)));
  const deps = {
    kube,
    listers: stores,
    applier: createApplier(kube, clock),
    clock,
    random,
    log,
    events: {
      event: (object, type, reason, message) => {
        if (!session.alive) return;
        parts.tell(`event ${type} ${reason} of ${object.kind}: ${message}`);
        parts.onEvent({ type, reason, message });
      },
      flush: async () => {},
    },
    metrics,
    topo: topoAccess(runtime.ctx.etcd, session),
    rpc: runtime.rpc(session),
    feed,
    wakeups,
    fleet: createFleet(1, () => clock.now()),
    options: defaultOptions(),
  } satisfies Deps;
  const informers = createInformers(deps, stores);
  const controllers = parts.controllers?.() ?? [createShardController()];
  const manager = createManager({ controllers, informers, deps, writes });
  const stop = new AbortController();
  session.onDeath(() => stop.abort());
  void manager.watch(stop.signal);
  void manager.reconcile(stop.signal);
}

function defaultOptions(): Options {
  const parsed = parseOptions([], {});
  if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
  return parsed.value;
}

function simLog(tell: (text: string) => void): Log {
  const line = (level: string) => (fields: object, message?: string) => {
    const { err, ...rest } = fields as { err?: unknown };
    const text = err instanceof Error ? ` (${err.message})` : '';
    tell(`log ${level} ${message ?? ''} ${JSON.stringify(rest)}${text}`);
  };
  const log: Log = {
    debug: () => {},
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: () => log,
  };
  return log;
}

const noMetrics = (): Metrics => ({
  set: () => {},
  add: () => {},
  observe: () => {},
  remove: () => {},
  text: async () => '',
  contentType: 'text/plain',
});
