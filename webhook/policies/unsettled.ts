import { ANNOTATIONS } from '../../schemas/labels.ts';
import type { Shard, ShardStatus } from '../../schemas/types.ts';

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
export function unsettled(shard: Shard): string[] {
  const { status } = shard;
  if (!status?.phase) return ['the controller has not reported on it yet'];
  const reasons = [...ofObject(shard), ...ofPods(status), ...ofConditions(status)];
  if (status.postgresConfig?.inProgress === true) {
    reasons.push('new Postgres settings are on their way to its poolers');
  }
  return reasons.map(shorten);
}

function ofObject({ metadata, status }: Shard): string[] {
  const leaving = metadata.annotations?.[ANNOTATIONS.pendingDeletion] !== undefined;
  const behind =
    metadata.generation !== undefined && status?.observedGeneration !== metadata.generation;
  return [
    ...(leaving ? ['it is being removed'] : []),
    ...(behind ? ['the controller has not taken up its last change yet'] : []),
  ];
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
  return sentence.length > LONGEST ? `${sentence.slice(0, LONGEST - 3)}...` : sentence;
}
