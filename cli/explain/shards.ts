import {
  cellLosses,
  type CellLoss,
  type Durability,
  durabilityOf,
  membershipOf,
  parsePolicy,
} from '../../schemas/durability.ts';
import type { ResolvedCluster } from '../../schemas/resolve/types.ts';

export interface ExplainedShard {
  /** `postgres/default/0-inf` */
  name: string;
  policy: string;
  membersByCell: Record<string, number>;
  /** Null for a policy that nobody knows. */
  durability: Durability | null;
  losses: CellLoss[];
}

/** What each shard of a cluster survives. */
export function shardsOf({ databases }: ResolvedCluster): ExplainedShard[] {
  return databases.flatMap(({ name, durabilityPolicy, tablegroups }) =>
    tablegroups.flatMap((tablegroup) =>
      tablegroup.shards.map((shard) => {
        const policy = parsePolicy(durabilityPolicy);
        const membersByCell = membershipOf(shard.pools);
        return {
          name: `${name}/${tablegroup.name}/${shard.name}`,
          policy: durabilityPolicy,
          membersByCell,
          durability: policy ? durabilityOf(policy, membersByCell) : null,
          losses: policy ? cellLosses(policy, membersByCell) : [],
        };
      }),
    ),
  );
}
