/**
 * Fields that the API server never lets change. An object that exists keeps its own: one made by another
 * operator, or by an earlier version of this one, goes on under its selector as long as that selects the
 * wanted pods. Pure.
 */
import { sameData } from '../../schemas/canonical.ts';
import type { KubeObject } from '../../schemas/k8s.ts';
import { KubeError } from '../../kube/errors.ts';

interface Selector {
  matchLabels?: Record<string, string>;
  matchExpressions?: unknown[];
}
interface ClaimTemplate {
  metadata: { name: string; labels?: Record<string, string> };
  spec: {
    accessModes?: string[];
    storageClassName?: string;
    resources?: { requests?: { storage?: string } };
  };
}
interface WorkloadSpec {
  selector?: Selector;
  serviceName?: string;
  podManagementPolicy?: string;
  volumeClaimTemplates?: ClaimTemplate[];
  template?: { metadata?: { labels?: Record<string, string> } };
}

const specOf = (object: KubeObject): WorkloadSpec => (object.spec ?? {}) as WorkloadSpec;

const selects = (
  { matchLabels = {}, matchExpressions = [] }: Selector,
  spec: WorkloadSpec,
): boolean =>
  matchExpressions.length === 0 &&
  Object.entries(matchLabels).every(
    ([key, value]) => spec.template?.metadata?.labels?.[key] === value,
  );

const selectorOf = (wanted: KubeObject, observed: KubeObject): Selector | undefined => {
  const own = specOf(observed).selector;
  const { selector } = specOf(wanted);
  if (own === undefined || sameData(own, selector)) return selector;
  if (selects(own, specOf(wanted))) return own;
  throw new KubeError(
    `its selector (${JSON.stringify(own)}) does not select the pods that it should have, and cannot be changed: ` +
      `delete ${observed.kind} ${observed.metadata.name}, and it is made anew`,
    { class: 'denied', status: 422, reason: 'SelectorImmutable' },
  );
};

/** What of a claim template was chosen, without what the API server adds. */
const chosen = ({ metadata, spec }: ClaimTemplate): unknown => [
  metadata.name,
  metadata.labels ?? {},
  spec.accessModes,
  spec.storageClassName,
  spec.resources?.requests?.storage,
];

const sameTemplates = (a: readonly ClaimTemplate[], b: readonly ClaimTemplate[]): boolean =>
  sameData(a.map(chosen), b.map(chosen));

/**
 * `wanted` as it may be applied over `observed`.
 * @throws KubeError class `denied` when it may not be: the object has to be deleted by hand
 */
export const keepImmutable = (wanted: KubeObject, observed: KubeObject | undefined): KubeObject => {
  const isSet = wanted.kind === 'StatefulSet';
  if (!observed || (!isSet && wanted.kind !== 'Deployment')) return wanted;
  const spec: WorkloadSpec = { ...specOf(wanted) };
  const selector = selectorOf(wanted, observed);
  if (selector) spec.selector = selector;
  if (isSet) {
    const { serviceName, podManagementPolicy, volumeClaimTemplates } = specOf(observed);
    if (serviceName !== undefined) spec.serviceName = serviceName;
    if (podManagementPolicy !== undefined) spec.podManagementPolicy = podManagementPolicy;
    const templates = spec.volumeClaimTemplates ?? [];
    if (volumeClaimTemplates && !sameTemplates(templates, volumeClaimTemplates)) {
      spec.volumeClaimTemplates = volumeClaimTemplates;
    }
  }
  return { ...wanted, spec };
};
