/** What the status of a cluster repeats of its shards: who leads, what they bear, what is done to them. Pure. */
import { compact } from '../../schemas/compact.ts';
import { shardKey } from '../../schemas/resolve/running.ts';
import type { MultigresClusterStatus, Shard, ShardStatus } from '../../schemas/types.ts';

type Summary = NonNullable<MultigresClusterStatus['shards']>[string];

/** `3/3`; without the second number while a larger cohort shrinks, or nobody knows it. */
const cohortText = ({ cohort, expectedMembers }: ShardStatus): string | undefined => {
  if (cohort === undefined) return undefined;
  return expectedMembers === undefined || cohort > expectedMembers
    ? `${cohort}`
    : `${cohort}/${expectedMembers}`;
};

const summaryOf = ({ status }: Shard): Summary =>
  status
    ? compact({
        phase: status.phase,
        message: status.message,
        primary: status.primary,
        cohort: cohortText(status),
        writeTolerance: status.writeTolerance,
        failoverTolerance: status.failoverTolerance,
        doing: status.doing,
        switchover: status.switchover,
      })
    : {};

/** By database/tablegroup/shard. */
export const shardSummaries = (shards: readonly Shard[]): Record<string, Summary> =>
  Object.fromEntries(
    shards.flatMap((shard) => {
      const { spec } = shard;
      if (!spec) return [];
      const key = shardKey(spec.databaseName, spec.tableGroupName, spec.shardName);
      return [[key, summaryOf(shard)] as const];
    }),
  );
