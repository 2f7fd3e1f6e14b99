import type { KubeObject, Pod } from '../../schemas/k8s.ts';
import { names } from '../../schemas/names.ts';
import type { Phase, TopoServer, TopoServerStatus } from '../../schemas/types.ts';
import { condition } from '../observe/conditions.ts';
import { crashLoop, troubles } from '../observe/pods.ts';
import { storageClassCondition } from '../observe/storage-class.ts';
import { workloadOf } from '../observe/workload.ts';

interface TopoServerObserved {
  statefulSet: KubeObject | undefined;
  pods: Pod[];
  storageClasses: KubeObject[];
  /** Why the API server does not take its pods. */
  refusals: readonly string[];
  failure: string | undefined;
}

/** The whole status of a TopoServer, from what was observed. Pure. */
export const topoServerStatus = (
  topo: TopoServer,
  { statefulSet, pods, storageClasses, refusals, failure }: TopoServerObserved,
): TopoServerStatus => {
  const { generation, name } = topo.metadata;
  const { desired, ready, observed: seen, allReady } = workloadOf(statefulSet);
  const etcd = topo.spec?.etcd;
  const members = etcd?.replicas ?? desired;
  const quorum = ready > members / 2;

  let phase: Phase = 'Progressing';
  if (pods.some((pod) => crashLoop(pod) !== undefined)) phase = 'Degraded';
  else if (members === 0) phase = 'Initializing';
  else if (allReady) phase = 'Healthy';

  const counted = `${ready} of ${members} etcd members ready`;
  const message = [counted, failure, ...refusals, ...(allReady ? [] : troubles(pods))]
    .filter((text) => text !== undefined)
    .join('; ');
  const complete = allReady ? 'AllReplicasReady' : 'NotAllReplicasReady';
  return {
    ...(seen && generation !== undefined ? { observedGeneration: generation } : {}),
    phase,
    message,
    clientService: name,
    peerService: names.headless(name),
    conditions: [
      condition('Ready', allReady, complete, message, generation),
      condition('Available', quorum, quorum ? 'Quorum' : 'NoQuorum', counted, generation),
      storageClassCondition([etcd?.storage?.class], storageClasses, generation),
    ],
  };
};
