/**
 * Most passes over a shard are made to look at its data plane, and find its objects as they were. A pass
 * that needed no step is remembered by the versions of everything it saw, and not repeated until one moves.
 */
import type { KindName, KubeObject } from '../../schemas/k8s.ts';
import type { Shard } from '../../schemas/types.ts';
import type { Deps } from '../deps.ts';
import { isTerminating } from '../observe/pods.ts';
import type { ShardChildren } from './desired/index.ts';
import type { ShardObserved } from './gather/objects.ts';
import type { Plan } from './plan/plan.ts';

export interface Settled {
  fingerprint: string;
  plan: Plan;
}

export interface Built {
  /** Everything that the children are made of. */
  key: string;
  /** The same without pods beyond the specification. */
  specKey: string;
  children: ShardChildren;
}

const OWNED: readonly KindName[] = [
  'ConfigMap',
  'Deployment',
  'PodDisruptionBudget',
  'Secret',
  'Service',
];

/** What the builders read of a Shard; of its status only the policy in force. */
export const buildKey = (shard: Shard, configBody: string | undefined): string => {
  const { uid, generation, labels, annotations } = shard.metadata;
  const policy = shard.status?.durabilityPolicy;
  return JSON.stringify([uid, generation, labels, annotations, policy, configBody]);
};

const version = ({ kind, metadata }: KubeObject): string =>
  `${kind}/${metadata.name}@${metadata.uid ?? ''}:${metadata.resourceVersion ?? ''}`;

/** Versions of all that a plan looks at. */
export const fingerprintOf = (
  deps: Deps,
  shard: Shard,
  observed: ShardObserved,
  key: string,
): string => {
  const uid = shard.metadata.uid ?? '';
  const owned = OWNED.flatMap((kind) => deps.listers[kind].byIndex('owner', uid));
  const all = [...owned, ...observed.pods.values(), ...observed.claims.values()];
  return JSON.stringify([key, all.map(version).toSorted()]);
};

/** Nothing to do now, and nothing that time alone could change. */
export const isSettled = (
  plan: Plan,
  children: ShardChildren,
  observed: ShardObserved,
  failures: number,
): boolean =>
  failures === 0 &&
  plan.held.length === 0 &&
  plan.steps.every(({ kind }) => kind === 'apply') &&
  children.pods.every(({ name }) => observed.pods.has(name)) &&
  ![...observed.pods.values()].some(isTerminating);
