/** When a claim, and with it the data of a member, must not be deleted. */
import type { KubeObject } from '../../../../schemas/k8s.ts';
import { LABELS } from '../../../../schemas/labels.ts';
import { names } from '../../../../schemas/names.ts';
import { effectivePvcPolicy } from '../../../../schemas/resolve/pvc-policy.ts';
import type { World } from '../harness.ts';

/** Why the deletion of this claim by the operator was wrong; undefined when it was not. */
export function forbiddenClaimDeletion(world: World, claim: KubeObject): string | undefined {
  const { name, labels } = claim.metadata;
  if ((claim.status as { phase?: string } | undefined)?.phase !== 'Bound') return undefined;
  const user = world.shard.pods().find((pod) => names.dataPvc(pod.metadata.name) === name);
  if (user && world.nodes.runs(user.metadata.name)) return `${user.metadata.name} uses it`;
  const { spec } = world.shard;
  const pool = labels?.[LABELS.pool];
  const own = pool === undefined ? undefined : spec?.pools[pool]?.pvcDeletionPolicy;
  const policy = effectivePvcPolicy(own, spec?.pvcDeletionPolicy);
  if (world.shard.isDeleted) {
    return policy.whenDeleted === 'Retain' ? 'the policy retains it on deletion' : undefined;
  }
  const isWanted = world.shard.wantedPods().some((pod) => names.dataPvc(pod) === name);
  if (isWanted) {
    const node = world.nodes.storage.nodeOf(name);
    const isLost = node !== undefined && world.nodes.isDeclaredGone(node);
    return isLost ? undefined : 'its pod is wanted and its volume is not lost';
  }
  if (policy.whenScaled === 'Retain') return 'the policy retains it when the shard shrinks';
  const member = world.runtime.ctx.poolers;
  const owner = [...member.values()].find(({ pod }) => names.dataPvc(pod) === name);
  return owner && world.runtime.cohort.includes(owner.id.name)
    ? `${owner.pod} is still in the cohort`
    : undefined;
}
