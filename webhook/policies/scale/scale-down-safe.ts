import { satisfies } from '../../../schemas/durability.ts';
import type { Shard } from '../../../schemas/types.ts';
import { poolersThatStay, scaleDowns, type ScaleDown } from '../changes.ts';
import { knownLive, liveShard } from '../live.ts';
import type { Finding, Policy } from '../policy.ts';
import { inForce } from '../running.ts';
import { unsettled } from '../unsettled.ts';
import { count } from '../words.ts';

export const scaleDownSafe: Policy = {
  id: 'scale-down-safe',
  code: 'MG040',
  kinds: ['MultigresCluster'],
  operations: ['UPDATE'],
  mode: 'deny',
  summary: 'Poolers are taken away only from a shard that is healthy, and never below its quorum.',
  description: `Fewer \`replicasPerCell\` means that members leave the quorum. While a pooler is down, or
a rollout, a change of settings or an earlier step is under way, the one that leaves may be the one
that the others need. So the state of the running Shard decides, not only the numbers: all of its
poolers ready, its phase Healthy, nothing pending. The poolers that are left must meet the durability
policy; those that the same change adds are no members yet and do not count. What counts is what runs, with templates applied. Then they leave one at a time, standbys first, a
primary after it has handed over, the highest index of each cell first. A pooler that is broken is replaced by
deleting its Pod and volume; a smaller number would not choose it.`,
  good: `# Shard demo-postgres-default-0-inf-... is Healthy
replicasPerCell: 3 # was 4`,
  bad: `# Shard demo-postgres-default-0-inf-... is Progressing: 1 of 4 poolers is not ready
replicasPerCell: 3 # was 4`,
  check(ctx) {
    const [transition, live] = [ctx.transition(), knownLive(ctx)];
    if (!transition || !live) return [];
    return scaleDowns(transition).flatMap((step) => judge(step, liveShard(live, step.view.title)));
  },
};

function judge(step: ScaleDown, shard: Shard | undefined): Finding[] {
  // Never made, so nothing leaves.
  if (!shard) return [];
  const { path, value, text } = step;
  const findings = tooFew(step, shard);
  const reasons = unsettled(shard);
  if (reasons.length > 0) {
    findings.push({
      path,
      value,
      message: `${text} while the shard is not settled: ${reasons.slice(0, 3).join('; ')}`,
      allowed: `${step.keep} as it was; fewer poolers once the shard is Healthy and nothing is in progress`,
      fix: `keep ${step.keep} for now and see kubectl get shard ${shard.metadata.name} -n ${shard.metadata.namespace ?? ''}; replace a broken pooler by deleting its Pod and volume`,
    });
  }
  return findings;
}

/** The durability policy could not be met: at all, or before poolers that are new have joined. */
function tooFew(step: ScaleDown, shard: Shard): Finding[] {
  const { was, view, path, value, text, keep } = step;
  // The planner judges by the policy that the shard runs under, whatever its specification says since.
  const { policy, durability: left } = inForce(view, [shard]);
  const byCell = policy.scope === 'multi-cell';
  const found = (when: string, members: number, cells: number): string =>
    `${text}, and ${when}: ${byCell ? `poolers in ${count(cells, 'cell')}` : count(members, 'pooler')} would be left, ${policy.name} needs ${policy.count}`;
  const allowed = `at least ${policy.count} ${byCell ? 'cells with poolers' : 'poolers'} in the shard`;
  if (!left.achievable) {
    const message = found('the shard could not confirm a write any more', left.members, left.cells);
    return [{ path, value, message, allowed, fix: `keep ${keep}` }];
  }
  if (!was.durability().achievable) return [];
  const stay = poolersThatStay(step);
  if (satisfies(policy, stay)) return [];
  const counts = Object.values(stay).filter((poolers) => poolers > 0);
  const members = counts.reduce((sum, poolers) => sum + poolers, 0);
  const when = 'until the new ones have joined, the shard could not confirm a write';
  return [
    {
      path,
      value,
      message: found(when, members, counts.length),
      allowed: `${allowed} that run already`,
      fix: `keep ${keep} until the new poolers are members, then take the others away`,
    },
  ];
}
