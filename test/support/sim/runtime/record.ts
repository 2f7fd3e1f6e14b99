/** A pooler's record in the topology: written at each change of the pooler's own state, as a whole. */
import { codecs } from '../../../../controller/topo/codec.ts';
import { topoKeys } from '../../../../controller/topo/keys.ts';
import type { Multipooler } from '../../../../controller/topo/types.ts';
import { PORTS } from '../../../../schemas/ports.ts';
import { fromMs, poolerIdMessage, ruleNumberMessage } from '../../../../emulator/orch/messages.ts';
import type { ShardContext } from './context.ts';
import type { Pooler } from './pooler.ts';

const RETRY_MS = 2000;

function recordOf(ctx: ShardContext, pooler: Pooler): Multipooler {
  const { id, hostname, lifecycle, serving, volume } = pooler;
  const { isPrimary } = pooler;
  const rule = volume.wal && ruleNumberMessage(volume.wal.rule);
  return {
    id: poolerIdMessage(id) as NonNullable<Multipooler['id']>,
    shard_key: ctx.shardKey,
    serving_status: serving,
    hostname,
    port_map: { grpc: PORTS.multipooler.grpc, postgres: PORTS.multipooler.postgres },
    lifecycle_status: {
      status: `LIFECYCLE_${lifecycle}`,
      reason: pooler.reason,
      updated: fromMs(pooler.lifecycleMs),
    },
    ...(lifecycle === 'SHUTDOWN'
      ? {}
      : {
          type: isPrimary ? ('PRIMARY' as const) : ('REPLICA' as const),
          routing_state: isPrimary
            ? { role: 'ROUTING_ROLE_PRIMARY', ...(rule ? { rule } : {}) }
            : { role: 'ROUTING_ROLE_REPLICA' },
        }),
  };
}

/** All of a pooler that its record shows. */
const stateOf = ({ lifecycle, lifecycleMs, serving, isPrimary, volume }: Pooler): string => {
  const { term, subterm } = volume.wal?.rule ?? { term: 0, subterm: 0 };
  const role = isPrimary ? `PRIMARY ${term}.${subterm}` : 'REPLICA';
  return `${lifecycle} ${lifecycleMs} ${serving} ${role}`;
};

export class RecordPublisher {
  readonly #ctx: ShardContext;
  readonly #pooler: Pooler;
  #published = '';
  #retrying = false;

  constructor(ctx: ShardContext, pooler: Pooler) {
    this.#ctx = ctx;
    this.#pooler = pooler;
  }

  /** True when the topology says what the pooler is. Tries again by itself while it cannot. */
  publish(): boolean {
    const { etcd, root, clock } = this.#ctx;
    const { id, up, node } = this.#pooler;
    if (!up || !this.#pooler.listening) return false;
    const wanted = stateOf(this.#pooler);
    if (this.#published === wanted) return true;
    if (this.#ctx.reachesTopology(node)) {
      this.#published = wanted;
      const bytes = codecs.Multipooler.encode(recordOf(this.#ctx, this.#pooler));
      etcd.put(topoKeys.pooler(root, id.cell, id.name), bytes);
      return true;
    }
    if (!this.#retrying) {
      this.#retrying = true;
      clock.after(RETRY_MS, () => {
        this.#retrying = false;
        this.publish();
      });
    }
    return false;
  }
}
