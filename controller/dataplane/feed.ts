/**
 * What the data plane says, heard instead of asked for: a stream to each pooler, a watch on the topology.
 * One per process. It knows no Kubernetes object and decides nothing.
 */
import { within, type Clock } from '../../kube/clock.ts';
import type { TopoRef } from '../../schemas/types.ts';
import type { Rpc } from '../rpc/client.ts';
import type { Target } from '../rpc/dial.ts';
import type { Broken } from '../rpc/health-stream.ts';
import type { TlsMaterial } from '../rpc/tls.ts';
import type { TopoAccess } from '../topo/access.ts';
import type { PoolerEntry } from '../topo/records.ts';
import type { Multipooler, ShardKey } from '../topo/types.ts';
import { PoolerHealth, type HeardReply } from './pooler-health.ts';
import { ShardTopology, TopologyWatches } from './topology.ts';

export type { HeardReply } from './pooler-health.ts';

export interface FeedMember {
  id: string;
  cell: string;
  /** host:port by its Service, for when no record can be read. */
  address: string;
  /** Its pod exists: worth a stream. */
  call: boolean;
}

export interface FeedRequest {
  /** namespace/name of the Shard. */
  key: string;
  topo: TopoRef;
  shard: ShardKey;
  members: readonly FeedMember[];
  /** For poolers with TLS. */
  tls?: TlsMaterial;
  /** For topology servers with TLS. */
  topoTls?: TlsMaterial;
}

export interface Heard {
  /** Why the topology cannot be read now, if so; what else is here is then what it last said. */
  error?: string | undefined;
  /** Not everything was read yet for the first time: what is missing here may be there. */
  pending: boolean;
  unregisteredCells: string[];
  entries: ReadonlyMap<string, PoolerEntry>;
  /** Pooler id -> its last reply, while that counts. */
  replies: ReadonlyMap<string, HeardReply>;
  /** Pooler id -> since when its stream is down, and why. Only poolers that are worth a stream. */
  broken: ReadonlyMap<string, Broken>;
  /** When the last `refresh` that could read the topology began, ms since the epoch. */
  readAtMs?: number | undefined;
}

export type Feed = ReturnType<typeof createFeed>;

interface FeedOptions {
  topo: Pick<TopoAccess, 'client'>;
  rpc: Pick<Rpc, 'poolerStatus'>;
  clock: Clock;
  /** 0 <= x < 1. */
  random: () => number;
}

/** Changes that belong together (a new leader is told by three poolers and three records) come together. */
const GATHER_MS = 50;

interface Followed {
  request: FeedRequest;
  topology: ShardTopology;
  /** By pooler id. */
  members: Map<string, PoolerHealth>;
  /** A listener will be called soon; calling this prevents it. */
  cancel?: () => void;
  readAtMs?: number;
}

const topologyRequest = ({ topo, shard, members, topoTls: tls }: FeedRequest) => {
  const cells = [...new Set(members.map(({ cell }) => cell))];
  return { topo, shard, cells, tls };
};

/** Where to reach a pooler; undefined when it is not worth a stream. */
const addressOf = (
  member: FeedMember,
  record: Multipooler | undefined,
  /** Its record may be there although it is not known. */
  unsure: boolean,
): string | undefined => {
  if (!member.call || record?.lifecycle_status?.status === 'LIFECYCLE_SHUTDOWN') return undefined;
  if (!record) return unsure ? member.address : undefined;
  const port = record.port_map?.['grpc'];
  return record.hostname && port ? `${record.hostname}:${port}` : undefined;
};

export const createFeed = ({ topo, rpc, clock, random }: FeedOptions) => {
  const watches = new TopologyWatches({ topo, clock, random });
  const shards = new Map<string, Followed>();
  const listeners: ((key: string) => void)[] = [];

  const changed = (followed: Followed): void => {
    const { key } = followed.request;
    if (followed.cancel || shards.get(key) !== followed) return;
    followed.cancel = clock.after(GATHER_MS, () => {
      delete followed.cancel;
      for (const listener of listeners) listener(key);
    });
  };

  /** A stream to each member that is worth one, and to nobody else. */
  const attune = (followed: Followed): void => {
    const { request, topology, members } = followed;
    const { entries, error } = topology;
    const wanted = new Map<string, Target>();
    for (const member of request.members) {
      const address = addressOf(member, entries.get(member.id)?.record, error !== undefined);
      if (address !== undefined) wanted.set(member.id, { address, tls: request.tls });
    }
    for (const [id, health] of members) {
      if (wanted.has(id)) continue;
      health.close();
      members.delete(id);
    }
    for (const [id, target] of wanted) {
      const known = members.get(id);
      if (known) known.retarget(target);
      else {
        const onChange = (): void => changed(followed);
        members.set(id, new PoolerHealth({ target, clock, random, rpc, onChange }));
      }
    }
  };

  const adopt = (request: FeedRequest): Followed => {
    let followed = shards.get(request.key);
    if (followed) {
      followed.request = request;
      followed.topology.follow(topologyRequest(request));
    } else {
      const onChange = (): void => {
        const mine = shards.get(request.key);
        if (!mine) return;
        attune(mine);
        changed(mine);
      };
      const topology = new ShardTopology(watches, topologyRequest(request), onChange);
      followed = { request, topology, members: new Map() };
      shards.set(request.key, followed);
    }
    attune(followed);
    return followed;
  };

  const heard = ({ topology, members, readAtMs }: Followed): Heard => {
    const replies = new Map<string, HeardReply>();
    const broken = new Map<string, Broken>();
    for (const [id, { reply, broken: down }] of members) {
      if (reply) replies.set(id, reply);
      if (down) broken.set(id, down);
    }
    const { error, pending, unregisteredCells, entries } = topology;
    return { error, pending, unregisteredCells, entries, replies, broken, readAtMs };
  };

  const refresh = async (request: FeedRequest, timeoutMs: number): Promise<Heard> => {
    const followed = adopt(request);
    const startMs = clock.now();
    const leftMs = (): number => Math.max(1, startMs + timeoutMs - clock.now());
    const polls = new Map<PoolerHealth, Promise<boolean>>();
    const pollAll = (): void => {
      for (const health of followed.members.values()) {
        if (!polls.has(health)) polls.set(health, health.poll(leftMs()));
      }
    };
    // those that are known need not wait for the records; the records may name others
    pollAll();
    const read = await within(clock, timeoutMs, followed.topology.refresh());
    if (read) followed.readAtMs = startMs;
    pollAll();
    const answered = new Set<PoolerHealth | undefined>();
    await Promise.all(
      [...polls].map(async ([health, poll]) => {
        if (await within(clock, leftMs(), poll)) answered.add(health);
      }),
    );
    const all = heard(followed);
    const replies = [...all.replies].filter(([id]) => answered.has(followed.members.get(id)));
    const unread = all.error ?? `topology: no answer within ${timeoutMs} ms`;
    return { ...all, error: read ? all.error : unread, replies: new Map(replies) };
  };

  const forget = (key: string): void => {
    const followed = shards.get(key);
    if (!followed) return;
    shards.delete(key);
    followed.cancel?.();
    followed.topology.release();
    for (const health of followed.members.values()) health.close();
    followed.members.clear();
  };

  return {
    /** Follows what `request` names (again: adjusts to it) and returns what is known now, at once. */
    follow: (request: FeedRequest): Heard => heard(adopt(request)),
    /**
     * Reads every record anew and asks every pooler. Never rejects: what did not answer within `timeoutMs`
     * is missing, and each reply in the answer is newer than the call.
     */
    refresh,
    forget,
    /** Called with the key of a shard when something that matters changed, at most every 50 ms for each. */
    onChange: (listener: (key: string) => void): void => void listeners.push(listener),
    close: (): void => {
      for (const key of [...shards.keys()]) forget(key);
    },
  };
};
