import { COMPONENTS, LABELS } from '../../schemas/labels.ts';
import { names } from '../../schemas/names.ts';
import { mergePvcPolicy } from '../../schemas/resolve/pvc-policy.ts';
import type { Pool, Shard, TableGroup, TableGroupShard } from '../../schemas/types.ts';
import { handedDown } from '../cluster/scope.ts';
import { childLabels, identityOf, ownChild } from '../builders/meta.ts';

/** Pods of all pools. Only shown, never read back. */
const replicasOf = (pools: Record<string, Pool>): number =>
  Object.values(pools).reduce(
    (sum, pool) => sum + (pool.replicasPerCell ?? 1) * (pool.cells?.length ?? 0),
    0,
  );

const shardOf = (tg: TableGroup, entry: TableGroupShard): Shard => {
  if (tg.spec === undefined) throw new Error(`TableGroup ${tg.metadata.name} has no spec`);
  const { databaseName, tableGroupName, shards: _, default: _default, ...shared } = tg.spec;
  const { name, ...own } = entry;
  const id = identityOf(tg);
  const labels = childLabels(id, COMPONENTS.shard, {
    [LABELS.database]: databaseName,
    [LABELS.tablegroup]: tableGroupName,
    [LABELS.shard]: name,
  });
  const object = names.shard(id.cluster, databaseName, tableGroupName, name);
  return ownChild(
    id,
    'Shard',
    { name: object, labels, annotations: handedDown(tg) },
    {
      ...shared,
      ...own,
      databaseName,
      tableGroupName,
      shardName: name,
      backup: own.backup ?? shared.backup,
      pvcDeletionPolicy: mergePvcPolicy(own.pvcDeletionPolicy, shared.pvcDeletionPolicy),
      replicas: replicasOf(own.pools),
    },
  );
};

export const shardsOf = (tg: TableGroup): Shard[] =>
  (tg.spec?.shards ?? []).map((entry) => shardOf(tg, entry));
