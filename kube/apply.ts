import { hashOf, sameData } from '../schemas/canonical.ts';
import type { Condition, KubeObject } from '../schemas/k8s.ts';
import type { KubeApi } from './api.ts';
import { trim } from './transform.ts';

interface ApplyResult {
  object: KubeObject;
  /** False when nothing was sent, or when the server found nothing to change. */
  changed: boolean;
}

export interface Applier {
  /**
   * Brings an object to `desired` by server-side apply. Nothing is sent when neither the intent nor
   * the content of the object changed since the last apply of this process.
   * @param observed the object as the lister has it, undefined when it is not there
   */
  apply(desired: KubeObject, observed: KubeObject | undefined): Promise<ApplyResult>;
  /**
   * Writes the status of `object` when it differs from what `observed` has. Conditions keep their
   * lastTransitionTime while their status stays the same, whatever time the caller put there.
   */
  applyStatus(
    object: KubeObject,
    status: unknown,
    observed: KubeObject | undefined,
  ): Promise<ApplyResult>;
  /** Drops what is remembered of an object that is gone. */
  forget(object: KubeObject): void;
}

interface Remembered {
  intent: string;
  content: string;
}

export function createApplier(api: Pick<KubeApi, 'apply'>, clock: { now(): number }): Applier {
  const spec = new Map<string, Remembered>();
  const statuses = new Map<string, Remembered>();
  const idOf = (o: KubeObject) =>
    `${o.apiVersion}/${o.kind}/${o.metadata.namespace ?? ''}/${o.metadata.name}`;

  return {
    async apply(desired, observed) {
      const id = idOf(desired);
      const intent = hashOf(desired);
      if (observed) {
        const known = spec.get(id);
        if (known?.intent === intent && known.content === contentHash(observed)) {
          return { object: observed, changed: false };
        }
      }
      const answer = await api.apply(desired);
      spec.set(id, { intent, content: contentHash(answer) });
      return { object: answer, changed: differs(answer, observed) };
    },

    async applyStatus(object, status, observed) {
      const id = idOf(object);
      const wanted = settleStatus(status, observed?.status, new Date(clock.now()).toISOString());
      const current = observed?.status ?? {};
      if (observed && sameData(wanted, current)) return { object: observed, changed: false };
      const intent = hashOf(wanted);
      const known = statuses.get(id);
      if (observed && known?.intent === intent && known.content === hashOf(current)) {
        return { object: observed, changed: false };
      }
      const { apiVersion, kind, metadata } = object;
      const answer = await api.apply(
        {
          apiVersion,
          kind,
          metadata: {
            name: metadata.name,
            ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
          },
          status: wanted,
        },
        { subresource: 'status' },
      );
      statuses.set(id, { intent, content: hashOf(answer.status ?? {}) });
      return { object: answer, changed: differs(answer, observed) };
    },

    forget(object) {
      spec.delete(idOf(object));
      statuses.delete(idOf(object));
    },
  };
}

const differs = (answer: KubeObject, observed: KubeObject | undefined) =>
  answer.metadata.resourceVersion !== observed?.metadata.resourceVersion;

/** Conditions keep the time of their last real transition. */
function settleConditions(
  wanted: readonly Condition[],
  observed: readonly Condition[] | undefined,
  now: string,
): Condition[] {
  return wanted.map((condition) => {
    const before = observed?.find((other) => other.type === condition.type);
    const same = before?.status === condition.status;
    return { ...condition, lastTransitionTime: same ? before.lastTransitionTime : now };
  });
}

function conditionsOf(status: unknown): Condition[] | undefined {
  if (typeof status !== 'object' || status === null || !('conditions' in status)) return undefined;
  return Array.isArray(status.conditions) ? (status.conditions as Condition[]) : undefined;
}

function settleStatus(status: unknown, observed: unknown, now: string): unknown {
  const conditions = conditionsOf(status);
  if (!conditions) return status;
  return {
    ...(status as object),
    // The API counts in whole seconds.
    conditions: settleConditions(conditions, conditionsOf(observed), now.replace(/\.\d+Z$/, 'Z')),
  };
}

/** Hash of the content that somebody chose: without status, versions and field managers. */
function contentHash(object: KubeObject): string {
  const { status: _status, ...rest } = trim(object);
  const { resourceVersion: _version, generation: _generation, ...metadata } = rest.metadata;
  return hashOf({ ...rest, metadata });
}
