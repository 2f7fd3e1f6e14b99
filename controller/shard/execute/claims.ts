/** Every write to a claim but its application. */
import { KINDS, type KubeObject, type Pod } from '../../../schemas/k8s.ts';
import { names } from '../../../schemas/names.ts';
import {
  mayAbandonClaim,
  mayDeleteClaim,
  mayRemakeClaim,
  type ClaimDecision,
} from '../../guards/may-delete-claim.ts';
import type { ActionOf } from '../state/action.ts';
import { anotherLeads } from '../state/health.ts';
import { hostsOf } from '../../observe/volume.ts';
import {
  deleteAsJudged,
  logFields,
  Refusal,
  refTo,
  type Effect,
  type Execution,
} from './context.ts';

export const patchClaim: Effect<'patch-claim'> = async (execution, { claim, patch }) => {
  await execution.deps.kube.mergePatch(refTo(execution, 'PersistentVolumeClaim', claim), patch);
};

/** Volume and nodes as the API server itself has them: a cache may not have a new node yet. */
const judgeLost = async (
  { deps: { kube }, state }: Execution,
  claim: KubeObject,
  node: string | undefined,
): Promise<ClaimDecision> => {
  const { volumeName = '' } = claim.spec as { volumeName?: string };
  const [volume, nodes] = await Promise.all([
    kube.get({ kind: KINDS.PersistentVolume, name: volumeName }),
    kube.list(KINDS.Node),
  ]);
  const leads = anotherLeads(state, names.podOfDataPvc(claim.metadata.name));
  const hosts = volume && hostsOf(volume);
  return mayAbandonClaim({ claim, hosts, nodes: nodes.items, node, leads });
};

/** The guard is asked again, about the claim and the pod of this moment. */
const judge = async (
  execution: Execution,
  { because, reason }: ActionOf<'delete-claim'>,
  claim: KubeObject,
  pod: Pod | undefined,
): Promise<ClaimDecision> => {
  const { state } = execution;
  if (because === 'unbound') return mayRemakeClaim(claim, pod?.spec?.nodeName);
  if (because === 'lost') return judgeLost(execution, claim, pod?.spec?.nodeName);
  const users = pod && state.removal === undefined ? [pod.metadata.name] : [];
  return mayDeleteClaim({ claim, policy: 'Delete', ownerLeaves: reason, users });
};

/** Only as it was judged: a claim that has changed since is judged again in the next pass. */
export const deleteClaim: Effect<'delete-claim'> = async (execution, action) => {
  const { kube, log } = execution.deps;
  const { claim: name, uid } = action;
  const ref = refTo(execution, 'PersistentVolumeClaim', name);
  const claim = await kube.get(ref);
  if (!claim) return;
  const podRef = refTo(execution, 'Pod', names.podOfDataPvc(name));
  const pod = (await kube.get(podRef)) as Pod | undefined;
  const decision = await judge(execution, action, claim, pod);
  if (!decision.ok) throw new Refusal(decision.refusal);
  const { reason } = decision;
  log.info({ ...logFields(execution), claim: name, reason }, 'deleting a volume');
  // The pod that waits for the volume: its successor waits for a backup instead.
  if (action.because === 'lost' && pod) {
    const { uid: podUid = '', resourceVersion: version = '' } = pod.metadata;
    await deleteAsJudged(execution, podRef, { uid: podUid, resourceVersion: version });
  }
  const { resourceVersion = '' } = claim.metadata;
  await deleteAsJudged(execution, ref, { uid, resourceVersion });
};
