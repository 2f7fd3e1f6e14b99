import {
  cellLosses,
  type CellLoss,
  type Durability,
  membershipOf,
  orchestratorsOf,
  parsePolicy,
} from '../../schemas/durability.ts';
import type { ResolvedCluster } from '../../schemas/resolve/types.ts';
import type { MultigresCluster, Shard } from '../../schemas/types.ts';
import { shardViews } from '../../webhook/policies/locate.ts';
import { inForce } from '../../webhook/policies/running.ts';

export interface ExplainedShard {
  /** `postgres/default/0-inf` */
  name: string;
  policy: string;
  membersByCell: Record<string, number>;
  orchestratorsByCell: Record<string, number>;
  /** Null for a policy that nobody knows. */
  durability: Durability | null;
  losses: CellLoss[];
}

/** What each shard of a cluster survives: one that has started under the policy that it has. */
export function shardsOf(
  cluster: MultigresCluster,
  resolved: ResolvedCluster,
  shards: readonly Shard[] | undefined,
): ExplainedShard[] {
  return shardViews(cluster, resolved).map((view) => {
    const { policy, durability, started } = inForce(view, shards);
    const known = started || parsePolicy(view.durabilityPolicy) !== undefined;
    const membersByCell = membershipOf(view.shard.pools);
    const orchestratorsByCell = orchestratorsOf(view.shard.multiorch);
    return {
      name: view.title,
      policy: known ? policy.name : view.durabilityPolicy,
      membersByCell,
      orchestratorsByCell,
      durability: known ? durability : null,
      losses: known ? cellLosses(policy, membersByCell, orchestratorsByCell) : [],
    };
  });
}
