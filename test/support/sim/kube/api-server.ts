/**
 * The objects of a Kubernetes API server in memory: versions, preconditions, graceful deletion, finalizers.
 * Requests are carried out at once and as a whole; time and the network are the transport's (transport.ts).
 * Objects are never changed in place: whoever holds one may keep it.
 */
import { sameData } from '../../../../schemas/canonical.ts';
import type { KindRef, KubeObject, ObjectMeta } from '../../../../schemas/k8s.ts';
import { apiVersionOf } from '../../../../kube/api.ts';
import type { Clock } from '../../../../kube/clock.ts';
import { applySet, mergePatch } from './merge.ts';
import { conflict, notFound, refuseContent, Refusal } from './refusals.ts';

export interface ObjectKey {
  kind: KindRef;
  namespace?: string | undefined;
  name: string;
}

/** What a write did; `before` and `after` are the same object when it changed nothing. */
export interface Written {
  before?: KubeObject;
  /** Absent when the object is gone. */
  after?: KubeObject;
}

export interface ServerEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  kind: KindRef;
  object: KubeObject;
  revision: number;
}

export interface DeleteRequest {
  uid?: string;
  resourceVersion?: string;
  gracePeriodSeconds?: number;
}

/** Keeps a claim until no pod uses it; taken off by storage.ts. */
export const CLAIM_PROTECTION = 'kubernetes.io/pvc-protection';
const DEFAULT_GRACE_SECONDS = 30;

const keyText = ({ namespace, name }: ObjectKey): string => `${namespace ?? ''}/${name}`;

export class ApiServer {
  readonly #clock: Clock;
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  /** What each manager applied last: uid, subresource and manager -> fields. */
  readonly #applied = new Map<string, Record<string, unknown>>();
  readonly #listeners = new Set<(event: ServerEvent) => void>();
  readonly #history = new Map<string, ServerEvent[]>();
  #revision = 100;
  #uids = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get revision(): string {
    return String(this.#revision);
  }

  /** Told of each change at once; must not write in the same moment. Returns how to stop it. */
  onEvent(listener: (event: ServerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Changes of one kind after a revision. */
  since(kind: KindRef, revision: number): ServerEvent[] {
    return (this.#history.get(kind.plural) ?? []).filter((event) => event.revision > revision);
  }

  get(key: ObjectKey): KubeObject | undefined {
    return this.#objects.get(key.kind.plural)?.get(keyText(key));
  }

  list(kind: KindRef, namespace?: string): KubeObject[] {
    const all = [...(this.#objects.get(kind.plural)?.values() ?? [])];
    return namespace === undefined ? all : all.filter((o) => o.metadata.namespace === namespace);
  }

  /** @throws Refusal when the name is taken */
  create(kind: KindRef, wanted: KubeObject): Written {
    const { namespace, name } = wanted.metadata;
    const key = { kind, namespace, name };
    if (this.get(key)) {
      throw new Refusal(409, 'AlreadyExists', `${kind.plural} "${name}" already exists`);
    }
    const { status: _ignored, ...rest } = wanted;
    const object: KubeObject = {
      ...rest,
      apiVersion: apiVersionOf(kind),
      kind: kind.kind,
      metadata: this.#bornMeta(kind, wanted.metadata),
      ...(kind.kind === 'Pod' ? { status: { phase: 'Pending' } } : {}),
      ...(kind.kind === 'PersistentVolumeClaim' ? { status: { phase: 'Pending' } } : {}),
    };
    refuseContent(kind, undefined, object);
    return { after: this.#put('ADDED', key, object) };
  }

  apply(
    key: ObjectKey,
    wanted: KubeObject,
    options: { manager: string; subresource?: string | undefined },
  ): Written {
    const before = this.get(key);
    if (options.subresource === 'status') {
      if (!before) throw notFound(key.kind, key.name);
      const fields = { status: wanted.status ?? {} };
      return this.#applyTo(key, before, fields, `status/${options.manager}`);
    }
    const { status: _ignored, ...fields } = wanted;
    if (before) return this.#applyTo(key, before, fields, options.manager);
    const written = this.create(key.kind, wanted);
    this.#applied.set(`${written.after?.metadata.uid ?? ''}/${options.manager}`, { ...fields });
    return written;
  }

  /** Also conditional: by `metadata.resourceVersion` and `metadata.uid` in the patch. */
  patch(key: ObjectKey, patch: object, subresource?: string): Written {
    const before = this.#existing(key);
    const { metadata, status, ...rest } = patch as Partial<KubeObject>;
    this.#precondition(key, before, metadata ?? {});
    const fields =
      subresource === 'status' ? { status } : { ...rest, ...(metadata && { metadata }) };
    return this.#change(key, before, mergePatch(before, fields) as KubeObject);
  }

  replaceStatus(key: ObjectKey, status: object): Written {
    const before = this.#existing(key);
    return this.#change(key, before, { ...before, status });
  }

  /** A write of a component of Kubernetes: whatever it wants. No-op when the object is gone. */
  update(key: ObjectKey, change: (object: KubeObject) => KubeObject): Written {
    const before = this.get(key);
    return before ? this.#change(key, before, change(before)) : {};
  }

  delete(key: ObjectKey, request: DeleteRequest = {}): Written {
    const before = this.#existing(key);
    this.#precondition(key, before, request);
    const grace = this.#graceOf(before, request);
    const finalizers = before.metadata.finalizers ?? [];
    if (grace === 0 && finalizers.length === 0) return this.remove(key);
    const { deletionTimestamp, generation = 1 } = before.metadata;
    const endMs = this.#clock.now() + grace * 1000;
    if (deletionTimestamp !== undefined && Date.parse(deletionTimestamp) <= endMs) {
      return { before, after: before };
    }
    const metadata = {
      ...before.metadata,
      deletionTimestamp: timeText(endMs),
      deletionGracePeriodSeconds: grace,
      generation: deletionTimestamp === undefined ? generation + 1 : generation,
    };
    return { before, after: this.#put('MODIFIED', key, { ...before, metadata }) };
  }

  /** Takes the object away, whatever holds it. */
  remove(key: ObjectKey): Written {
    const before = this.get(key);
    if (!before) return {};
    this.#objects.get(key.kind.plural)?.delete(keyText(key));
    this.#tell('DELETED', key.kind, this.#stamp(before));
    return { before };
  }

  #bornMeta(kind: KindRef, wanted: ObjectMeta): ObjectMeta {
    const finalizers =
      kind.kind === 'PersistentVolumeClaim'
        ? [...(wanted.finalizers ?? []), CLAIM_PROTECTION]
        : wanted.finalizers;
    return {
      ...wanted,
      uid: `uid-${(this.#uids += 1)}`,
      generation: 1,
      creationTimestamp: timeText(this.#clock.now()),
      ...(finalizers ? { finalizers } : {}),
    };
  }

  #existing(key: ObjectKey): KubeObject {
    const found = this.get(key);
    if (!found) throw notFound(key.kind, key.name);
    return found;
  }

  #precondition(key: ObjectKey, object: KubeObject, wanted: DeleteRequest): void {
    for (const field of ['uid', 'resourceVersion'] as const) {
      if (wanted[field] === undefined || wanted[field] === object.metadata[field]) continue;
      const why = `the ${field} in the precondition (${wanted[field]}) does not match that of the record (${object.metadata[field] ?? ''})`;
      throw conflict(key.kind, key.name, why);
    }
  }

  /** Seconds until a kubelet has to have ended it; 0 for what no kubelet has. */
  #graceOf(object: KubeObject, request: DeleteRequest): number {
    const spec = object.spec as { nodeName?: string; terminationGracePeriodSeconds?: number };
    const { phase } = (object.status ?? {}) as { phase?: string };
    if (object.kind !== 'Pod' || spec.nodeName === undefined) return 0;
    if (phase === 'Failed' || phase === 'Succeeded') return 0;
    return (
      request.gracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS
    );
  }

  #applyTo(
    key: ObjectKey,
    before: KubeObject,
    fields: Record<string, unknown>,
    manager: string,
  ): Written {
    const id = `${before.metadata.uid ?? ''}/${manager}`;
    const { resourceVersion: _version, ...metadata } = before.metadata;
    const merged = applySet({ ...before, metadata }, this.#applied.get(id), fields);
    const written = this.#change(key, before, merged as unknown as KubeObject);
    this.#applied.set(id, fields);
    return written;
  }

  /** Stores a new version unless it says the same; the last finalizer gone, a deleted object goes. */
  #change(key: ObjectKey, before: KubeObject, wanted: KubeObject): Written {
    const { resourceVersion = '', generation = 1 } = before.metadata;
    const sameSpec = sameData(before.spec, wanted.spec);
    const metadata = {
      ...wanted.metadata,
      resourceVersion,
      generation: sameSpec ? generation : generation + 1,
    };
    const after = { ...wanted, metadata };
    if (sameData(before, after)) return { before, after: before };
    refuseContent(key.kind, before, after);
    const { deletionTimestamp, deletionGracePeriodSeconds: grace = 0, finalizers } = metadata;
    const isOver = deletionTimestamp !== undefined && grace === 0 && !finalizers?.length;
    if (isOver) return this.remove(key);
    return { before, after: this.#put('MODIFIED', key, after) };
  }

  #put(type: 'ADDED' | 'MODIFIED', key: ObjectKey, object: KubeObject): KubeObject {
    const stored = this.#stamp(object);
    const all = this.#objects.get(key.kind.plural) ?? new Map<string, KubeObject>();
    this.#objects.set(key.kind.plural, all.set(keyText(key), stored));
    this.#tell(type, key.kind, stored);
    return stored;
  }

  #stamp(object: KubeObject): KubeObject {
    this.#revision += 1;
    const metadata = { ...object.metadata, resourceVersion: String(this.#revision) };
    return { ...object, metadata };
  }

  #tell(type: ServerEvent['type'], kind: KindRef, object: KubeObject): void {
    const event = { type, kind, object, revision: this.#revision };
    const history = this.#history.get(kind.plural) ?? [];
    history.push(event);
    this.#history.set(kind.plural, history);
    for (const listener of this.#listeners) listener(event);
  }
}

/** As the API writes times: whole seconds. */
export const timeText = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
