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
  refusals?: readonly string[];
  /** What could not be written in this pass. */
  failure?: string;
}

/** The whole status of a TopoServer, from what was observed. Pure. */
export const topoServerStatus = (
  topo: TopoServer,
  observed: TopoServerObserved,
): TopoServerStatus => {
  const { generation, name } = topo.metadata;
  const { desired, ready, observed: seen, allReady } = workloadOf(observed.statefulSet);
  const members = topo.spec?.etcd?.replicas ?? desired;
  const crashing = observed.pods.find((pod) => crashLoop(pod) !== undefined);
  const quorum = ready > members / 2;

  let phase: Phase = 'Progressing';
  if (crashing) phase = 'Degraded';
  else if (members === 0) phase = 'Initializing';
  else if (allReady) phase = 'Healthy';

  const counted = `${ready} of ${members} etcd members ready`;
  const details = [
    observed.failure,
    ...(observed.refusals ?? []),
    ...(allReady ? [] : troubles(observed.pods)),
  ];
  const message = [counted, ...details].filter((text) => text !== undefined).join('; ');
  const storage = storageClassCondition(
    [topo.spec?.etcd?.storage?.class],
    observed.storageClasses,
    generation,
  );
  const current = seen && generation !== undefined;
  return {
    ...(current ? { observedGeneration: generation } : {}),
    phase,
    message,
    clientService: name,
    peerService: names.headless(name),
    conditions: [
      condition(
        'Ready',
        allReady,
        allReady ? 'AllReplicasReady' : 'NotAllReplicasReady',
        message,
        generation,
      ),
      condition('Available', quorum, quorum ? 'Quorum' : 'NoQuorum', counted, generation),
      storage,
    ],
  };
};
