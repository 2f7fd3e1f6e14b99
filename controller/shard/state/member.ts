/**
 * The members of a shard: what the specification asks for UNION what exists. A pod that is no longer
 * asked for is a member until it is gone, since it may lead and votes. Pure.
 */
import { compact } from '../../../schemas/compact.ts';
import type { KubeObject, Pod } from '../../../schemas/k8s.ts';
import { LABELS } from '../../../schemas/labels.ts';
import { names } from '../../../schemas/names.ts';
import { PORTS } from '../../../schemas/ports.ts';
import { isTerminating } from '../../observe/pods.ts';
import type { StatusResponse } from '../../rpc/types.ts';
import type { Multipooler } from '../../topo/types.ts';
import type { DesiredPod } from '../desired/index.ts';
import { phaseOf, type PhaseRecord } from './phase.ts';

interface Place {
  /** Name of its pod, whether it exists or not. */
  pod: string;
  cell: string;
  pool: string;
  index: number;
}

export interface Member extends Place {
  /** Name of its pooler in the topology, as `p-1a2b3c4d`. */
  id: string;
  /** host:port of its gRPC by its Service. */
  address: string;
  /** Undefined: the specification does not ask for it (any more). */
  desired?: DesiredPod;
  /** The pod, one that terminates too. */
  observed?: Pod;
  claim?: KubeObject;
  /** The Node that its pod is on. */
  node?: KubeObject;
  record?: Multipooler;
  /** What its pooler said last; undefined when it does not answer. */
  status?: StatusResponse;
  /** Why its pod has to be replaced, in words; empty when it need not. */
  diff: readonly string[];
  /** How far it is on its way out. */
  phase?: PhaseRecord;
}

interface MembersInput {
  namespace: string;
  desired: readonly DesiredPod[];
  pods: ReadonlyMap<string, Pod>;
  claims: ReadonlyMap<string, KubeObject>;
  nodes: ReadonlyMap<string, KubeObject>;
  records: ReadonlyMap<string, Multipooler>;
  replies: ReadonlyMap<string, StatusResponse>;
  whyReplaced: (wanted: Pod, observed: Pod) => readonly string[];
}

/** host:port of a pooler's gRPC, by the Service of its pod. */
export const addressOf = (pod: string, namespace: string): string =>
  `${pod}.${namespace}.svc:${PORTS.multipooler.grpc}`;

/** Where an existing pod belongs, by its labels. */
const placeOf = ({ metadata: { labels = {} } }: KubeObject) => ({
  cell: labels[LABELS.cell] ?? '',
  pool: labels[LABELS.pool] ?? '',
  index: Number(labels[LABELS.index] ?? 0),
});

/** Pod of a record: poolers register under the name of their Service, which is the pod's. */
const podOfRecord = ({ hostname }: Multipooler): string | undefined => hostname?.split('.')[0];

const surplusOf = (input: MembersInput): Place[] => {
  const wanted = new Set(input.desired.map(({ name }) => name));
  const found = new Map<string, Place>();
  for (const [name, pod] of input.pods) {
    if (!wanted.has(name)) found.set(name, { pod: name, ...placeOf(pod) });
  }
  // Its pod is gone, but its record says that it lives, or its volume waits for a decision.
  for (const record of input.records.values()) {
    const pod = podOfRecord(record);
    if (pod === undefined || wanted.has(pod) || found.has(pod)) continue;
    const claim = input.claims.get(names.dataPvc(pod));
    const place = claim ? placeOf(claim) : { pool: '', index: 0, cell: '' };
    found.set(pod, { pod, ...place, cell: record.id?.cell ?? place.cell });
  }
  for (const claim of input.claims.values()) {
    const { name, labels } = claim.metadata;
    const pod = names.podOfDataPvc(name);
    if (wanted.has(pod) || found.has(pod) || names.dataPvc(pod) !== name) continue;
    if (labels?.[LABELS.orphanSince] !== undefined || isTerminating(claim)) continue;
    found.set(pod, { pod, ...placeOf(claim) });
  }
  return [...found.values()].toSorted((a, b) => (a.pod < b.pod ? -1 : 1));
};

/** Members in the order of the specification, those beyond it after them. */
export const membersOf = (input: MembersInput): Member[] => {
  const { namespace, pods, claims, nodes, records, replies } = input;
  const member = (place: Place, id: string, desired?: DesiredPod): Member => {
    const { pod } = place;
    const observed = pods.get(pod);
    return compact({
      ...place,
      id,
      address: addressOf(pod, namespace),
      diff: desired && observed ? input.whyReplaced(desired.pod, observed) : [],
      desired,
      observed,
      claim: claims.get(names.dataPvc(pod)),
      node: nodes.get(observed?.spec?.nodeName ?? ''),
      record: records.get(id),
      status: replies.get(id),
      phase: phaseOf(observed),
    });
  };
  return [
    ...input.desired.map((desired) =>
      member({ ...desired, pod: desired.name }, desired.serviceId, desired),
    ),
    ...surplusOf(input).map((place) => member(place, names.poolerId(place.pod))),
  ];
};

export const isAlive = ({ observed }: Member): boolean =>
  observed !== undefined && !isTerminating(observed);

/** Neither its pod nor its volume exists, or the volume is on its way out: it begins with a backup. */
export const isNewcomer = ({ observed, claim, desired }: Member): boolean =>
  desired !== undefined && !observed && (!claim || isTerminating(claim));
