import {
  countByCell,
  hasStarted,
  parsePolicy,
  policyInForce,
  satisfies,
  type Policy as Durability,
} from '../../../schemas/durability.ts';
import type { MultigresCluster } from '../../../schemas/types.ts';
import { liveOf, liveShard, type LiveState } from '../live.ts';
import { clusterOf, locate, paired, shardsOf, storedShardsOf } from '../locate.ts';
import type { Segment, ShardView } from '../locate.ts';
import { CLUSTER_UPDATES, type Finding, type Policy } from '../policy.ts';
import { runningMembers } from '../running.ts';
import { count } from '../words.ts';

export const durabilityChange: Policy = {
  id: 'durability-change',
  code: 'MG030',
  ...CLUSTER_UPDATES,
  mode: 'deny',
  summary: 'The durability policy is not changed to one that the running poolers cannot meet.',
  description: `Poolers that an update adds are not there yet: if the policy asks for two cells while all
running poolers are in one, no write could be confirmed. So first add the cells to the pools, wait until
their poolers have a role in \`status.podRoles\` of the Shard, then change the policy. The runtime takes
the policy when a shard first starts and keeps it: for a shard that has started, a change counts for
shards that are made from now on. A warning says so; what a shard runs under is in
\`status.durabilityPolicy\` of the Shard, and other policies judge a started shard by that. While the
state of the cluster is not known, the policy cannot be changed.`,
  good: `# the poolers of the Shard run in zone-a and zone-b
spec:
  durabilityPolicy: MULTI_CELL_AT_LEAST_2 # was AT_LEAST_2`,
  bad: `# all poolers of the Shard run in zone-a
spec:
  durabilityPolicy: MULTI_CELL_AT_LEAST_2 # was AT_LEAST_2`,
  check(ctx) {
    const live = liveOf(ctx);
    if (live.kind === 'untouched') return [];
    const cluster = clusterOf(ctx);
    return paired(shardsOf(ctx), storedShardsOf(ctx)).flatMap(([view, was]) => {
      const old = was?.durabilityPolicy;
      const policy = parsePolicy(view.durabilityPolicy);
      // Unknown names are the business of durability-known.
      if (old === undefined || old === view.durabilityPolicy || !policy) return [];
      const path = pathOf(cluster, view);
      if (live.kind === 'known') return judge({ path, policy, view }, live.state, ctx.name);
      return {
        path,
        value: policy.name,
        message: `whether the running poolers of ${view.title} can meet ${policy.name} is not known: ${live.why}`,
        allowed: `${old}, as before`,
        fix: `keep ${old} until the controller works again`,
      };
    });
  },
};

/** Where the policy in force for a shard stands. */
function pathOf(cluster: MultigresCluster, view: ShardView): string {
  const database: Segment[] = view.path.slice(0, 3);
  return locate(cluster, [...database, 'durabilityPolicy'], ['spec', 'durabilityPolicy']);
}

interface Change {
  path: string;
  policy: Durability;
  view: ShardView;
}

function judge({ path, policy, view }: Change, state: LiveState, cluster: string): Finding | [] {
  const shard = liveShard(state, view.title);
  if (!shard || !hasStarted(shard)) return [];
  const kept = policyInForce(shard).name;
  // Back to what runs.
  if (kept === policy.name) return [];
  const runs = countByCell(runningMembers(cluster, shard));
  if (satisfies(policy, runs)) {
    return {
      path,
      value: policy.name,
      message: `shard ${view.title} has started and goes on under ${kept}: the runtime takes a policy at the first start only`,
      allowed: 'any known policy, for shards that are made from now on',
      fix: `keep ${kept} to say what runs`,
      brief: `${view.title}: keeps ${kept}, under which it started; write that`,
      mode: 'warn',
    };
  }
  const cells = Object.keys(runs);
  const poolers = Object.values(runs).reduce((sum, n) => sum + n, 0);
  const where = cells.length > 0 ? ` in ${count(cells.length, 'cell')}` : '';
  const needs = policy.scope === 'multi-cell' ? 'poolers in 2 cells' : '2 poolers';
  return {
    path,
    value: policy.name,
    message: `shard ${view.title} runs with ${count(poolers, 'pooler')}${where}, and ${policy.name} needs ${needs}: no write could be confirmed`,
    allowed: `${kept}, until ${needs} run`,
    fix: `keep ${kept}, first let ${needs} run (status.podRoles of Shard ${shard.metadata.name}), then change it`,
  };
}
