import type { KindRef, KubeObject, ObjectRef } from '../schemas/k8s.ts';
import { KINDS } from '../schemas/k8s.ts';
import { KubeError } from './errors.ts';

/** Which objects, and how much of each. */
export interface Scope {
  /** Absent: all namespaces. */
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  /** `metadata.name=x` for a single object: the one selector that a role by name allows. */
  fieldSelector?: string | undefined;
  /** Only apiVersion, kind and metadata of each object. */
  metadataOnly?: boolean | undefined;
}

export interface ListOptions extends Scope {
  /** Largest number of items of one answer. Absent: all in one. */
  limit?: number;
  /** Position from a previous answer. */
  continue?: string;
}

export interface ListResult {
  items: KubeObject[];
  resourceVersion: string;
  continue?: string;
}

interface ApplyOptions {
  fieldManager?: string;
  subresource?: 'status';
  dryRun?: boolean;
}

interface DeleteOptions {
  /** Preconditions: the server answers 409 (class `conflict`) when they do not hold. */
  uid?: string;
  resourceVersion?: string;
  gracePeriodSeconds?: number;
  propagation?: 'Background' | 'Foreground' | 'Orphan';
}

export interface WatchOptions extends Scope {
  resourceVersion: string;
  /** The server closes the watch after this time. */
  timeoutSeconds: number;
  /** The watch fails (class `busy`) when nothing, not even a bookmark, arrives for so long. */
  inactivityMs: number;
  /** Called when the server has accepted the watch: from here on every change arrives. */
  onOpen?: () => void;
}

export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  object: KubeObject;
}

/**
 * The Kubernetes API as raw JSON. All calls have a deadline and throw only KubeError.
 * Calls that can be repeated safely are repeated a few times when the server is busy.
 */
export interface KubeApi {
  /** Undefined when the object does not exist. */
  get(ref: ObjectRef, options?: { metadataOnly?: boolean }): Promise<KubeObject | undefined>;
  list(kind: KindRef, options?: ListOptions): Promise<ListResult>;
  create(object: KubeObject): Promise<KubeObject>;
  /** Server-side apply with force; creates the object when it is missing. */
  apply(object: KubeObject, options?: ApplyOptions): Promise<KubeObject>;
  /** JSON merge patch. Put `metadata.resourceVersion` in the patch to make it conditional. */
  mergePatch(
    ref: ObjectRef,
    patch: unknown,
    options?: { subresource?: 'status' },
  ): Promise<KubeObject>;
  /**
   * Puts `status` in the place of the whole status of an object: for kinds whose status has one writer.
   * Not by apply: where the last entry of a map or object goes, apply makes it `null`, which the schema of
   * a custom resource refuses.
   */
  replaceStatus(ref: ObjectRef, status: unknown): Promise<KubeObject>;
  /** False when the object was not there. */
  delete(ref: ObjectRef, options?: DeleteOptions): Promise<boolean>;
  /** Resolves when the server ends the watch or `signal` aborts; throws class `gone` on 410. */
  watch(
    kind: KindRef,
    options: WatchOptions,
    onEvent: (event: WatchEvent) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /** Any other request; `path` begins with `/` and may carry a query. JSON in, JSON (or text) out. */
  raw(method: string, path: string, body?: unknown): Promise<unknown>;
}

/** `apiVersion` of a kind: `apps/v1`, or `v1` for the core group. */
export function apiVersionOf(kind: KindRef): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}

/** The KindRef of an object, by its apiVersion and kind; throws for kinds outside of KINDS. */
export function kindOf(object: { apiVersion: string; kind: string }): KindRef {
  const found = Object.values(KINDS).find(
    (kind) => kind.kind === object.kind && apiVersionOf(kind) === object.apiVersion,
  );
  if (found) return found;
  throw new KubeError(
    `${object.apiVersion} ${object.kind} is not a kind this operator knows: add it to KINDS`,
    { class: 'bug', status: 0, reason: 'UnknownKind' },
  );
}

/** Identity of an object. */
export function refOf(object: KubeObject): ObjectRef {
  const kind = kindOf(object);
  const { namespace, name } = object.metadata;
  return namespace === undefined ? { kind, name } : { kind, namespace, name };
}

/** URL path of a collection, or of one object when `name` is given. */
export function apiPath(
  kind: KindRef,
  namespace: string | undefined,
  name?: string,
  subresource?: string,
): string {
  const parts = kind.group === '' ? ['api', kind.version] : ['apis', kind.group, kind.version];
  if (kind.namespaced && namespace !== undefined) parts.push('namespaces', namespace);
  parts.push(kind.plural, ...[name, subresource].filter((part) => part !== undefined));
  return `/${parts.map(encodeURIComponent).join('/')}`;
}

/** Items of lists lack apiVersion and kind, metadata-only ones carry those of their envelope. */
export function typed(kind: KindRef, object: KubeObject): KubeObject {
  return { ...object, apiVersion: apiVersionOf(kind), kind: kind.kind };
}

/** Query string with its `?`, or nothing; undefined values are left out. */
export function queryOf(values: Record<string, string | number | undefined>): string {
  const given = Object.entries(values).flatMap(([key, value]): [string, string][] =>
    value === undefined ? [] : [[key, String(value)]],
  );
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}
