/** What an effect needs: the pass it belongs to, and the doors. */
import { KINDS, type KubeObject } from '../../../schemas/k8s.ts';
import { textOf } from '../../../schemas/text.ts';
import type { KubeApi } from '../../../kube/api.ts';
import { isKubeError } from '../../../kube/errors.ts';
import type { Deps } from '../../deps.ts';
import type { ShardCache } from '../gather/cache.ts';
import type { Material } from '../gather/tls.ts';
import { wakeShard } from '../gather/background.ts';
import type { Action, ActionOf, Notice } from '../state/action.ts';
import { shardName } from '../state/identity.ts';
import type { Member } from '../state/member.ts';
import { nodeProof, type DeathProof } from '../state/node.ts';
import { withPlaces } from '../state/places.ts';
import type { Job, ShardState } from '../state/state.ts';

export interface Execution {
  deps: Deps;
  state: ShardState;
  cache: ShardCache;
  material: Material;
}

type Done = boolean | void;

/** Carries out one kind of action. False: there was nothing to do, and nothing is told. */
export type Effect<K extends Action['kind']> = (
  execution: Execution,
  action: ActionOf<K>,
) => Done | Promise<Done>;

/** An action that was not carried out because its permission does not hold (any more). */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

export const memberOf = ({ state }: Execution, id: string): Member => {
  const found = state.members.find((member) => member.id === id);
  if (!found) throw new Refusal(`pooler ${id} is no member of the shard any more`);
  return found;
};

export const refTo = (
  { state }: Execution,
  kind: 'Pod' | 'PersistentVolumeClaim',
  name: string,
) => ({ kind: KINDS[kind], namespace: state.shard.metadata.namespace ?? '', name });

/** Only as it was judged: one that changed since, or is gone, is for the next pass. */
export const deleteAsJudged = async (
  { deps }: Execution,
  ...[ref, options]: Parameters<KubeApi['delete']>
): Promise<void> => {
  try {
    await deps.kube.delete(ref, options);
  } catch (error) {
    if (!isKubeError(error, 'conflict', 'gone')) throw error;
  }
};

/** Evidence about a node, read from the API server itself: a cache may not have a new node yet. */
export const readProof = async (
  { deps }: Execution,
  node: string | undefined,
): Promise<DeathProof | undefined> => {
  if (node === undefined) return undefined;
  const found: KubeObject | undefined = await deps.kube.get({ kind: KINDS.Node, name: node });
  return nodeProof(node, new Map(found ? [[node, found]] : []));
};

export const logFields = ({ state: { shard } }: Execution) => ({
  ns: shard.metadata.namespace,
  shard: shard.metadata.name,
});

export const tell = ({ deps, state }: Execution, notice: Notice | undefined): void => {
  if (!notice) return;
  deps.events.event(state.shard, notice.type, notice.reason, withPlaces(state, notice.message));
  if (!notice.drain) return;
  const { name, namespace = '', labels } = state.shard.metadata;
  const cluster = labels?.['multigres.com/cluster'] ?? '';
  deps.metrics.add('drainOperations', { cluster, shard: name, namespace, result: notice.drain });
};

/**
 * A call to the runtime that takes longer than a pass may: it goes on in the background, and the shard is
 * looked at again when it has ended. One of a kind at a time.
 */
export const startJob = (execution: Execution, kind: Job, run: () => Promise<void>): void => {
  const { deps, state, cache } = execution;
  if (cache.jobs.has(kind)) return;
  const job = Symbol(kind);
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
