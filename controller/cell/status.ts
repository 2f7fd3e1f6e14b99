import { compact } from '../../schemas/compact.ts';
import type { Condition, KubeObject, Pod } from '../../schemas/k8s.ts';
import type { Cell, CellStatus, Phase, TopoServer } from '../../schemas/types.ts';
import { asOf, condition, isTrue } from '../observe/conditions.ts';
import { isPending } from '../observe/pending.ts';
import { crashLoop, troubles } from '../observe/pods.ts';
import { workloadOf } from '../observe/workload.ts';
import { leftBehindCondition, type LeftBehind } from '../toposerver/left-behind.ts';

export interface CellObserved {
  gateway: KubeObject | undefined;
  pods: Pod[];
  /** Name of the gateway Service, once it exists. */
  service: string | undefined;
  /** The cell's own etcd: undefined when it has none, null when it is not there yet. */
  localTopo: TopoServer | null | undefined;
  failure: string | undefined;
  /** The gateways are not created before the topology knows the cell. */
  held: boolean;
  /** An etcd that the cell does not use any more and that stays for now. */
  leftBehind: LeftBehind | undefined;
}

/** What the cell's parent waits for before it deletes it. */
const readyForDeletion = (cell: Cell, { localTopo }: CellObserved): Condition[] => {
  if (!isPending(cell)) return [];
  const type = 'ReadyForDeletion';
  if (localTopo === undefined) {
    const text = 'A cell keeps nothing that must be drained';
    return [condition(type, true, 'StatelessComponent', text)];
  }
  return localTopo === null
    ? [condition(type, true, 'LocalTopoServerDeleted', 'The etcd is gone')]
    : [condition(type, false, 'LocalTopoServerDeleting', 'Waiting for the etcd')];
};

type Facts = ReturnType<typeof factsOf>;

const factsOf = (cell: Cell, { localTopo, pods, gateway }: CellObserved) => ({
  pending: isPending(cell),
  topoReady: localTopo === undefined || isTrue(localTopo?.status?.conditions, 'Ready'),
  crashing: pods.some((pod) => crashLoop(pod) !== undefined),
  gateways: workloadOf(gateway),
});

const phaseOf = ({ pending, topoReady, crashing, gateways }: Facts): Phase => {
  if (crashing) return 'Degraded';
  if (gateways.desired === 0 && gateways.observed) return 'Initializing';
  return gateways.allReady && topoReady && !pending ? 'Healthy' : 'Progressing';
};

const messageOf = (observed: CellObserved, facts: Facts): string => {
  const { ready, desired, allReady, refused } = facts.gateways;
  const { localTopo, held, failure, leftBehind } = observed;
  const etcd = localTopo?.status?.message ?? 'created';
  const parts = [
    facts.pending && 'being removed',
    !facts.topoReady && `waiting for the cell's etcd: ${etcd}`,
    held ? 'gateways wait for the topology records' : `${ready} of ${desired} gateways ready`,
    failure,
    refused !== undefined && `pods of the gateways are refused: ${refused}`,
    ...(allReady ? [] : troubles(observed.pods)),
    leftBehind && `${leftBehind.name} stays for now: ${leftBehind.refusal}`,
  ];
  return parts.filter(Boolean).join('; ');
};

/** The whole status of a Cell, from what was observed. Pure. */
export const cellStatus = (cell: Cell, observed: CellObserved): CellStatus => {
  const { generation } = cell.metadata;
  const facts = factsOf(cell, observed);
  const { topoReady, gateways } = facts;
  const { desired, ready, observed: seen, allReady } = gateways;
  const message = messageOf(observed, facts);
  const when = (type: string, gatewaysDo: boolean, [yes, no]: [string, string]): Condition => {
    if (!topoReady) return condition(type, false, 'LocalTopoServerNotReady', message);
    return condition(type, gatewaysDo, gatewaysDo ? yes : no, message);
  };
  return compact({
    observedGeneration: seen || observed.held ? generation : undefined,
    phase: phaseOf(facts),
    message,
    gatewayReplicas: desired,
    gatewayReadyReplicas: ready,
    gatewayServiceName: observed.service,
    conditions: asOf(generation, [
      when('Available', ready > 0, ['MultigatewayAvailable', 'MultigatewayUnavailable']),
      when('Ready', allReady, ['MultigatewayReady', 'MultigatewayNotReady']),
      ...readyForDeletion(cell, observed),
      ...leftBehindCondition(observed.leftBehind),
    ]),
  });
};
