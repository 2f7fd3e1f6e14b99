import type { Member } from '../../schemas/durability.ts';
import { names } from '../../schemas/names.ts';
import type { Shard } from '../../schemas/types.ts';

/** The shard has had a leader: it has a cohort, under the policy of its first start. */
export function hasCohort({ status }: Shard): boolean {
  return Object.keys(status?.podRoles ?? {}).length > 0 || status?.lastBackupTime !== undefined;
}

/** The poolers that take part now, by the roles that the controller last wrote, with their cells. */
export function runningMembers(cluster: string, { spec, status }: Shard): Member[] {
  if (!spec) return [];
  const parts = [cluster, spec.databaseName, spec.tableGroupName, spec.shardName] as const;
  const roles = status?.podRoles ?? {};
  return Object.entries(spec.pools).flatMap(([pool, { cells = [], replicasPerCell = 1 }]) =>
    cells.flatMap((cell) =>
      Array.from({ length: replicasPerCell }, (_, index) => ({
        id: names.poolPod(...parts, pool, cell, index),
        cell,
      })).filter(({ id }) => roles[id] === 'PRIMARY' || roles[id] === 'REPLICA'),
    ),
  );
}
