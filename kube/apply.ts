import { hashOf, sameData } from '../schemas/canonical.ts';
import type { Condition, KubeObject } from '../schemas/k8s.ts';
import { ANNOTATIONS } from '../schemas/labels.ts';
import { isoSeconds } from '../schemas/text.ts';
import { isRecord } from '../schemas/walk.ts';
import { refOf, type KubeApi } from './api.ts';
import { isKubeError, type ErrorCause } from './errors.ts';
import { trim } from './transform.ts';

interface ApplyResult {
  object: KubeObject;
  /** False when nothing was sent, or when the server found nothing to change. */
  changed: boolean;
}

export interface Applier {
  /**
   * Brings an object to `desired` by server-side apply. Nothing is sent when the object says by an annotation
   * that just this was wanted of it last, and has all of it still: so a process that starts anew writes nothing.
   * @param observed the object as the lister has it, undefined when it is not there
   */
  apply(desired: KubeObject, observed: KubeObject | undefined): Promise<ApplyResult>;
  /**
   * Whether `apply` would change anything, by a dry run on the server; one of them per intent and content.
   * @throws KubeError when it would be refused
   */
  wouldChange(desired: KubeObject, observed: KubeObject | undefined): Promise<boolean>;
  /**
   * Replaces the status of `object` by `status` when it differs from what `observed` has: a field that
   * `status` lacks goes. Conditions keep their lastTransitionTime while their status stays the same,
   * whatever time the caller put there.
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

const isSame = (known: Remembered | undefined, now: Remembered): boolean =>
  known?.intent === now.intent && known.content === now.content;

export function createApplier(
  api: Pick<KubeApi, 'apply' | 'replaceStatus'>,
  clock: { now(): number },
): Applier {
  /** Objects that are stored otherwise than they were sent, as a quantity in another unit. */
  const odd = new Map<string, Remembered>();
  const statuses = new Map<string, Remembered>();
  const dry = new Map<string, Remembered & { changes: boolean }>();
  const idOf = (o: KubeObject) =>
    `${o.apiVersion}/${o.kind}/${o.metadata.namespace ?? ''}/${o.metadata.name}`;
  const isSettled = (wanted: KubeObject, observed: KubeObject, intent: string): boolean => {
    if (covers(wanted, observed)) return true;
    const known = odd.get(idOf(wanted));
    return known !== undefined && isSame(known, { intent, content: contentHash(observed) });
  };

  return {
    async apply(desired, observed) {
      const id = idOf(desired);
      const intent = hashOf(desired);
      const wanted = withIntent(desired, intent);
      if (observed && isSettled(wanted, observed, intent)) {
        return { object: observed, changed: false };
      }
      const answer = await applyEmptied(api, wanted, observed);
      if (covers(wanted, answer)) odd.delete(id);
      else odd.set(id, { intent, content: contentHash(answer) });
      return { object: answer, changed: differs(answer, observed) };
    },

    async wouldChange(desired, observed) {
      if (!observed) return true;
      const id = idOf(desired);
      const intent = hashOf(desired);
      const wanted = withIntent(desired, intent);
      if (isSettled(wanted, observed, intent)) return false;
      const now = { intent, content: contentHash(observed) };
      const tried = dry.get(id);
      if (tried && isSame(tried, now)) return tried.changes;
      const changes = contentHash(await api.apply(wanted, { dryRun: true })) !== now.content;
      dry.set(id, { ...now, changes });
      return changes;
    },

    async applyStatus(object, status, observed) {
      const id = idOf(object);
      const wanted = settleStatus(status, observed?.status, isoSeconds(clock.now()));
      const current = observed?.status ?? {};
      const isWritten = (): boolean =>
        sameData(wanted, current) ||
        isSame(statuses.get(id), { intent: hashOf(wanted), content: hashOf(current) });
      if (observed && isWritten()) return { object: observed, changed: false };
      const answer = await api.replaceStatus(refOf(object), wanted);
      statuses.set(id, { intent: hashOf(wanted), content: hashOf(answer.status ?? {}) });
      return { object: answer, changed: differs(answer, observed) };
    },

    forget(object) {
      for (const known of [odd, statuses, dry]) known.delete(idOf(object));
    },
  };
}

const withIntent = (desired: KubeObject, intent: string): KubeObject => {
  const annotations = { ...desired.metadata.annotations, [ANNOTATIONS.intent]: intent };
  return { ...desired, metadata: { ...desired.metadata, annotations } };
};

/** Whether `have` says all that `want` says, and lists nothing more. */
function covers(want: unknown, have: unknown): boolean {
  if (Array.isArray(want)) {
    return (
      Array.isArray(have) &&
      want.length === have.length &&
      want.every((part, index) => covers(part, have[index]))
    );
  }
  if (!isRecord(want)) return want === have;
  return (
    isRecord(have) &&
    Object.entries(want).every(([key, part]) => part === undefined || covers(part, have[key]))
  );
}

/**
 * Where the last entry of a map goes, apply makes the map `null`, which the schema of a custom resource
 * refuses. Left out first and written afterwards, an empty map arrives as what it is.
 */
async function applyEmptied(
  api: Pick<KubeApi, 'apply'>,
  desired: KubeObject,
  observed: KubeObject | undefined,
): Promise<KubeObject> {
  try {
    return await api.apply(desired);
  } catch (error) {
    const isNull = ({ message }: ErrorCause): boolean => message.includes('Invalid value: "null"');
    if (!observed || !isKubeError(error, 'invalid') || !error.details.some(isNull)) throw error;
    await api.apply(withoutEmpty(desired));
    return await api.apply(desired);
  }
}

/** Without maps and objects that hold nothing, at any depth. */
function withoutEmpty<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withoutEmpty) as T;
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).map(([key, part]) => [key, withoutEmpty(part)] as const);
  const isEmpty = (part: unknown): boolean => isRecord(part) && Object.keys(part).length === 0;
  return Object.fromEntries(entries.filter(([, part]) => !isEmpty(part))) as T;
}

const differs = (answer: KubeObject, observed: KubeObject | undefined) =>
  answer.metadata.resourceVersion !== observed?.metadata.resourceVersion;

const conditionsOf = (status: unknown): Condition[] | undefined =>
  isRecord(status) && Array.isArray(status['conditions']) ? status['conditions'] : undefined;

/** Conditions keep the time of their last real transition. */
function settleStatus(status: unknown, observed: unknown, now: string): unknown {
  const wanted = conditionsOf(status);
  if (!wanted) return status;
  const conditions = wanted.map((condition) => {
    const before = conditionsOf(observed)?.find(({ type }) => type === condition.type);
    const same = before?.status === condition.status;
    return { ...condition, lastTransitionTime: same ? before.lastTransitionTime : now };
  });
  return { ...(status as object), conditions };
}

/** Objects of a lister are never changed, and each pass asks for all children of a parent again. */
const contents = new WeakMap<KubeObject, string>();

/** Hash of the content that somebody chose: without status, versions, field managers and our own note. */
function contentHash(object: KubeObject): string {
  const known = contents.get(object);
  if (known !== undefined) return known;
  const { status: _status, ...rest } = trim(object);
  const { resourceVersion: _version, generation: _generation, ...metadata } = rest.metadata;
  const { [ANNOTATIONS.intent]: _intent, ...annotations } = metadata.annotations ?? {};
  const hash = hashOf({ ...rest, metadata: { ...metadata, annotations } });
  contents.set(object, hash);
  return hash;
}
