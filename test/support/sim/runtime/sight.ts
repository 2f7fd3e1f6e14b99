/** What one orchestrator sees: the records of the topology, and the health stream of each pooler. */
import { codecs } from '../../../../controller/topo/codec.ts';
import { topoKeys } from '../../../../controller/topo/keys.ts';
import { recordPart } from '../../../../emulator/orch/messages.ts';
import type { Health, PoolerView, ShardView } from '../../../../emulator/orch/model.ts';
import type { ShardContext } from './context.ts';
import { findLive } from './context.ts';
import type { Pooler } from './pooler.ts';
import type { ServerState } from './postgres.ts';

interface Seen {
  view: PoolerView;
  revision: string;
  /** The next attempt to connect, and the pause after it fails. */
  nextMs: number;
  pauseMs: number;
}

const MAX_PAUSE_MS = 30_000;

export class Sight {
  readonly view: ShardView;
  readonly #ctx: ShardContext;
  readonly #node: string;
  readonly #seen = new Map<string, Seen>();

  constructor(ctx: ShardContext, node: string) {
    this.#ctx = ctx;
    this.#node = node;
    const { database, table_group, shard } = ctx.shardKey;
    const key = { database, tableGroup: table_group, shard };
    this.view = { key, poolers: [], bootstrapPolicy: ctx.policy };
  }

  /** Brings the view up to this moment. */
  look(): void {
    this.#readRecords();
    for (const seen of this.#seen.values()) this.#listen(seen);
  }

  #readRecords(): void {
    const { etcd, root, clock } = this.#ctx;
    if (!this.#ctx.reachesTopology(this.#node)) return;
    for (const { key, value, modRevision } of etcd.range(topoKeys.poolers(root))) {
      const known = this.#seen.get(key);
      if (known?.revision === modRevision) continue;
      const part = recordPart(codecs.Multipooler.decode(value));
      if (!known) {
        const view = { ...part, connected: false, lastSeenMs: 0, foundMs: clock.now() };
        this.#seen.set(key, { view, revision: modRevision, nextMs: 0, pauseMs: 1000 });
        this.view.poolers.push(view);
        continue;
      }
      // A tombstone closes the stream, a new record opens one at once.
      if (known.view.lifecycle === 'SHUTDOWN') Object.assign(known, { nextMs: 0, pauseMs: 1000 });
      Object.assign(known.view, part);
      known.revision = modRevision;
    }
  }

  #listen(seen: Seen): void {
    const { clock, random, pace } = this.#ctx;
    const { view } = seen;
    const nowMs = clock.now();
    const pooler = view.lifecycle === 'SHUTDOWN' ? undefined : findLive(this.#ctx, view.id);
    const answers = pooler?.listening && this.#ctx.linked(this.#node, pooler.node);
    if (!pooler || !answers) {
      // The silence is noticed somewhat after it began.
      const [soonest, latest] = pace.silence;
      if (view.connected) view.lastSeenMs = nowMs + random.between(0, latest - soonest);
      view.connected = false;
      if (nowMs < seen.nextMs) return;
      seen.nextMs = nowMs + seen.pauseMs;
      seen.pauseMs = Math.min(seen.pauseMs * 2, MAX_PAUSE_MS);
      return;
    }
    if (!view.connected && nowMs < seen.nextMs) return;
    seen.pauseMs = 1000;
    view.connected = true;
    view.lastSeenMs = nowMs;
    view.health = healthOf(pooler);
  }
}

function healthOf(pooler: Pooler): Health {
  const { volume, eligible, resigning, upstream } = pooler;
  const { state, ready, diverged } = pooler.postgres;
  const { wal, target } = volume;
  return {
    // True also for the throw-away data of a first backup.
    initialized: wal !== undefined || state === 'INITIAL',
    running: ready || state === 'INITIAL',
    ready,
    postgres: POSTGRES[state],
    poolerType: state === 'PRIMARY' ? 'PRIMARY' : 'REPLICA',
    eligible,
    resigning,
    diverged,
    streaming: upstream !== undefined,
    upstream: upstream?.hostname ?? '',
    lsn: BigInt(wal?.lsn ?? 0),
    revokedBelow: volume.revokedBelow,
    revokedBy: volume.revokedBy,
    revokedAtMs: volume.revokedAtMs,
    ...(wal ? { rule: wal.rule } : {}),
    ...(target ? { target } : {}),
  };
}

export const POSTGRES = {
  DOWN: 'UNKNOWN',
  INITIAL: 'PRIMARY',
  STARTING: 'STARTING',
  STANDBY: 'STANDBY',
  PROMOTING: 'PROMOTING',
  PRIMARY: 'PRIMARY',
} as const satisfies Record<ServerState, Health['postgres']>;
