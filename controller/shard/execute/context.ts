/** What an effect needs: the pass it belongs to, and the doors. */
import { textOf } from '../../apply/children.ts';
import type { Deps } from '../../deps.ts';
import type { ShardCache } from '../gather/cache.ts';
import type { Material } from '../gather/tls.ts';
import { wakeShard } from '../gather/target.ts';
import type { Notice } from '../state/action.ts';
import { shardName } from '../state/identity.ts';
import type { Member } from '../state/member.ts';
import type { Job, ShardState } from '../state/state.ts';

export interface Execution {
  deps: Deps;
  state: ShardState;
  cache: ShardCache;
  material: Material;
}

/** An action that was not carried out because its permission does not hold (any more). */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

export const memberOf = ({ state }: Execution, id: string): Member => {
  const found = state.members.find((member) => member.id === id);
  if (!found) throw new Refusal(`pooler ${id} is no member of the shard any more`);
  return found;
};

export const logFields = ({ state: { shard } }: Execution) => ({
  ns: shard.metadata.namespace,
  shard: shard.metadata.name,
});

export const tell = ({ deps, state }: Execution, notice: Notice | undefined): void => {
  if (!notice) return;
  deps.events.event(state.shard, notice.type, notice.reason, notice.message);
  if (!notice.drain) return;
  const { name, namespace = '', labels } = state.shard.metadata;
  const cluster = labels?.['multigres.com/cluster'] ?? '';
  deps.metrics.add('drainOperations', { cluster, shard: name, namespace, result: notice.drain });
};

/**
 * A call to the runtime that takes longer than a pass may: it goes on in the background, and the shard is
 * looked at again when it has ended. One of a kind at a time.
 */
export const startJob = (
  execution: Execution,
  kind: Job['kind'],
  run: () => Promise<void>,
): void => {
  const { deps, state, cache } = execution;
  if (cache.jobs.has(kind)) return;
  const job = { kind, sinceMs: deps.clock.now() };
  cache.jobs.set(kind, job);
  const fields = { ...logFields(execution), job: kind };
  const end = (): void => {
    if (cache.jobs.get(kind) === job) cache.jobs.delete(kind);
    wakeShard(deps, state.shard);
  };
  run().then(
    () => {
      deps.log.info(fields, 'call to the runtime ended');
      end();
    },
    (error: unknown) => {
      deps.log.warn({ ...fields, err: error }, `call to ${shardName(state.shard)} failed`);
      deps.events.event(state.shard, 'Warning', 'RuntimeCallFailed', `${kind}: ${textOf(error)}`);
      end();
    },
  );
};
