/** Why an API server refuses a request, and the few rules about content that reconcilers run into. */
import { sameData } from '../../../../schemas/canonical.ts';
import type { KindRef, KubeObject, Pod } from '../../../../schemas/k8s.ts';
import { compareQuantity } from '../../../../schemas/quantity.ts';

export class Refusal extends Error {
  readonly code: number;
  readonly reason: string;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: number, reason: string, message: string, retryAfterSeconds?: number) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** The Status body of the answer. */
  get body(): object {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      reason: this.reason,
      message: this.message,
      code: this.code,
      ...(this.retryAfterSeconds === undefined
        ? {}
        : { details: { retryAfterSeconds: this.retryAfterSeconds } }),
    };
  }
}

export const notFound = (kind: KindRef, name: string): Refusal =>
  new Refusal(404, 'NotFound', `${kind.plural} "${name}" not found`);

export const conflict = (kind: KindRef, name: string, why: string): Refusal =>
  new Refusal(409, 'Conflict', `Operation cannot be fulfilled on ${kind.plural} "${name}": ${why}`);

const invalid = (kind: KindRef, name: string, why: string): Refusal =>
  new Refusal(422, 'Invalid', `${kind.kind} "${name}" is invalid: ${why}`);

interface ClaimSpec {
  accessModes?: string[];
  storageClassName?: string;
  resources?: { requests?: { storage?: string } };
}

function refuseClaim(kind: KindRef, before: KubeObject, after: KubeObject): void {
  const [old, wanted] = [before.spec, after.spec] as [ClaimSpec, ClaimSpec];
  const { name } = after.metadata;
  for (const field of ['accessModes', 'storageClassName'] as const) {
    if (sameData(old[field], wanted[field])) continue;
    throw invalid(kind, name, `spec: Forbidden: ${field} is immutable after creation`);
  }
  const [have, want] = [old, wanted].map((spec) => spec.resources?.requests?.storage);
  if (have !== undefined && want !== undefined && compareQuantity(want, have) === -1) {
    throw invalid(kind, name, 'spec.resources.requests.storage: Forbidden: can not be less');
  }
}

/** Images aside, a pod is what it was made as. */
const fixedPart = (pod: Pod): unknown => {
  const withoutImages = (containers: NonNullable<Pod['spec']>['containers'] | undefined) =>
    (containers ?? []).map((container) => ({ ...container, image: '' }));
  return {
    ...pod.spec,
    nodeName: '',
    containers: withoutImages(pod.spec?.containers),
    initContainers: withoutImages(pod.spec?.initContainers),
  };
};

function firstNull(value: unknown, path: string): string | undefined {
  if (value === null) return path;
  if (typeof value !== 'object') return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const found = firstNull(inner, `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** @throws Refusal 422 when the object may not become so */
export function refuseContent(
  kind: KindRef,
  before: KubeObject | undefined,
  after: KubeObject,
): void {
  const { name } = after.metadata;
  if (kind.group === 'multigres.com') {
    const at = firstNull(after.spec, 'spec') ?? firstNull(after.status ?? {}, 'status');
    if (at !== undefined) throw invalid(kind, name, `${at}: Invalid value: "null"`);
  }
  if (!before) return;
  if (kind.kind === 'PersistentVolumeClaim') refuseClaim(kind, before, after);
  if (kind.kind === 'Pod' && !sameData(fixedPart(before as Pod), fixedPart(after as Pod))) {
    throw invalid(
      kind,
      name,
      'spec: Forbidden: pod updates may not change fields other than images',
    );
  }
}
