/** Keeps the pooler's record in its cell's topology as its state says. */
import { codecs } from '../../controller/topo/codec.ts';
import { timeMessage } from '../../controller/proto/time.ts';
import type { Multipooler } from '../../controller/topo/types.ts';
import { sleep } from '../role.ts';
import { poolerPath } from '../topo.ts';
import type { Context } from './context.ts';

/** The record that a state stands for. */
export function recordOf(ctx: Pick<Context, 'state' | 'layout'>): Multipooler {
  const { state, layout } = ctx;
  const gone = state.lifecycle.status === 'LIFECYCLE_SHUTDOWN';
  const primary = state.role === 'PRIMARY';
  const rule = state.rule?.rule_number;
  const routing: Multipooler['routing_state'] = primary
    ? { role: 'ROUTING_ROLE_PRIMARY', ...(rule ? { rule } : {}) }
    : { role: 'ROUTING_ROLE_REPLICA' };
  return {
    id: state.id,
    shard_key: state.shardKey,
    ...(gone ? {} : { type: primary ? 'PRIMARY' : 'REPLICA', routing_state: routing }),
    serving_status: state.serving,
    hostname: state.hostname,
    port_map: state.portMap,
    pooler_dir: layout.poolerDir,
    pg_data_dir: layout.pgData,
    lifecycle_status: {
      status: state.lifecycle.status,
      reason: state.lifecycle.reason,
      updated: timeMessage(state.lifecycle.updated),
    },
  };
}

/**
 * Writes the whole record at every change of the pooler's own state. What somebody else writes into it is
 * neither noticed nor repaired until then, like in the runtime.
 */
export class RecordPublisher {
  private readonly ctx: Context;
  private readonly retryMs: number;
  private published: Buffer | undefined;
  private working: Promise<void> | undefined;

  /** @param retryMs pause after a failed write */
  constructor(ctx: Context, retryMs: number) {
    this.ctx = ctx;
    this.retryMs = retryMs;
  }

  /** Writes until the record is up to date; resolves then. Calls during a write share it. */
  publish(): Promise<void> {
    this.working ??= this.work().finally(() => (this.working = undefined));
    return this.working;
  }

  private async work(): Promise<void> {
    for (;;) {
      const wanted = codecs.Multipooler.encode(recordOf(this.ctx));
      if (this.published?.equals(wanted)) return;
      try {
        const { state, topo } = this.ctx;
        const store = await topo.cell(state.id.cell ?? '');
        await store.put(poolerPath(state.id), wanted);
        this.published = wanted;
      } catch (error) {
        this.ctx.log.warn('pooler record not written', { error });
        await sleep(this.retryMs);
      }
    }
  }
}
