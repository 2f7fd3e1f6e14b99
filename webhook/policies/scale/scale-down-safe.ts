import { satisfies } from '../../../schemas/durability.ts';
import { ANNOTATIONS } from '../../../schemas/labels.ts';
import type { Shard, ShardStatus } from '../../../schemas/types.ts';
import { cut } from '../../text.ts';
import { poolersThatStay, scaleDowns, type ScaleDown } from '../changes.ts';
import { knownLive, liveShard } from '../live.ts';
import { CLUSTER_UPDATES, type Finding, type Findings, type Policy } from '../policy.ts';
import { inForce } from '../running.ts';
import { count } from '../words.ts';

export const scaleDownSafe: Policy = {
  id: 'scale-down-safe',
  code: 'MG040',
  ...CLUSTER_UPDATES,
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

function judge(step: ScaleDown, shard: Shard | undefined): Findings {
  // Never made, so nothing leaves.
  return shard ? [tooFew(step, shard), notSettled(step, shard)].flat() : [];
}

function notSettled({ path, value, text, keep }: ScaleDown, shard: Shard): Finding | [] {
  const reasons = unsettled(shard);
  if (reasons.length === 0) return [];
  return {
    path,
    value,
    message: `${text} while the shard is not settled: ${reasons.slice(0, 3).join('; ')}`,
    allowed: `${keep} as it was; fewer poolers once the shard is Healthy and nothing is in progress`,
    fix: `keep ${keep} for now and see kubectl get shard ${shard.metadata.name} -n ${shard.metadata.namespace ?? ''}; replace a broken pooler by deleting its Pod and volume`,
  };
}

/** The durability policy could not be met: at all, or before poolers that are new have joined. */
function tooFew(step: ScaleDown, shard: Shard): Finding | [] {
  const { was, view, path, value, text, keep } = step;
  // The planner judges by the policy that the shard runs under, whatever its specification says since.
  const { policy, durability: left } = inForce(view, [shard]);
  const byCell = policy.scope === 'multi-cell';
  const found = (when: string, members: number, cells: number): string =>
    `${text}, and ${when}: ${byCell ? `poolers in ${count(cells, 'cell')}` : count(members, 'pooler')} would be left, ${policy.name} needs ${policy.count}`;
  const allowed = `at least ${policy.count} ${byCell ? 'cells with poolers' : 'poolers'} in the shard`;
  if (!left.achievable) {
    const message = found('the shard could not confirm a write any more', left.members, left.cells);
    return { path, value, message, allowed, fix: `keep ${keep}` };
  }
  if (!was.durability().achievable) return [];
  const stay = poolersThatStay(step);
  if (satisfies(policy, stay)) return [];
  const counts = Object.values(stay).filter((poolers) => poolers > 0);
  const members = counts.reduce((sum, poolers) => sum + poolers, 0);
  const when = 'until the new ones have joined, the shard could not confirm a write';
  return {
    path,
    value,
    message: found(when, members, counts.length),
    allowed: `${allowed} that run already`,
    fix: `keep ${keep} until the new poolers are members, then take the others away`,
  };
}

/** The longest text of a condition that is repeated; the rest can be read on the Shard. */
const LONGEST = 160;

/** Conditions that say, while they are True, that something is not done yet. */
const UNDER_WAY: Readonly<Record<string, string>> = {
  RolloutPending: 'a rollout is in progress',
  RollingUpdate: 'a rollout is in progress',
  ScalingDown: 'an earlier step is not done',
  PodsStuck: 'pods do not end',
};

/**
 * Why a running shard is in no state to lose a pooler, in the words of its status; empty if it is
 * healthy and nothing is under way.
 */
function unsettled(shard: Shard): string[] {
  const { status } = shard;
  if (!status?.phase) return ['the controller has not reported on it yet'];
  const { annotations, generation } = shard.metadata;
  return [
    ...(annotations?.[ANNOTATIONS.pendingDeletion] === undefined ? [] : ['it is being removed']),
    ...(generation !== undefined && status.observedGeneration !== generation
      ? ['the controller has not taken up its last change yet']
      : []),
    ...ofPods(status),
    ...ofConditions(status),
    ...(status.postgresConfig?.inProgress === true
      ? ['new Postgres settings are on their way to its poolers']
      : []),
  ].map(shorten);
}

function ofPods({ phase, message, poolsReady, podRoles }: ShardStatus): string[] {
  const quarantined = Object.entries(podRoles ?? {})
    .filter(([, role]) => role === 'QUARANTINED')
    .map(([pod]) => pod);
  return [
    ...(phase === 'Healthy' ? [] : [`it is ${phase}${message ? `: ${message}` : ''}`]),
    ...(phase === 'Healthy' && !poolsReady ? ['some of its poolers are not ready'] : []),
    ...(quarantined.length > 0 ? [`Postgres cannot start in ${quarantined.join(', ')}`] : []),
  ];
}

function ofConditions({ conditions = [] }: ShardStatus): string[] {
  return conditions.flatMap(({ type, status, message }) => {
    const what = UNDER_WAY[type];
    return what !== undefined && status === 'True' ? [`${what}: ${message}`] : [];
  });
}

/** The first sentence, at most so long that a refusal stays readable. */
function shorten(text: string): string {
  const [sentence = ''] = text.split(/\. (?=[A-Z])/);
  return cut(sentence, LONGEST);
}
