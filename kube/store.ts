import type { KubeObject } from '../schemas/k8s.ts';
import { LABELS } from '../schemas/labels.ts';

type IndexName = 'owner' | 'cluster' | 'node';

/** The keys of an object in each index. */
const INDEXES: Record<IndexName, (object: KubeObject) => string[]> = {
  owner: (object) =>
    (object.metadata.ownerReferences ?? []).filter((o) => o.controller).map((o) => o.uid),
  cluster: (object) => {
    const cluster = object.metadata.labels?.[LABELS.cluster];
    return cluster === undefined ? [] : [`${object.metadata.namespace ?? ''}/${cluster}`];
  },
  node: (object) => {
    if (object.kind !== 'Pod') return [];
    const node = (object.spec as { nodeName?: string } | undefined)?.nodeName;
    return node === undefined ? [] : [node];
  },
};

const indexKeys = (object: KubeObject): string[] =>
  Object.entries(INDEXES).flatMap(([index, of]) => of(object).map((key) => `${index} ${key}`));

/** What happened to one object, as handlers of an informer see it. */
export interface Change {
  type: 'added' | 'updated' | 'deleted';
  object: KubeObject;
  /** The version known before; absent for `added`. */
  old?: KubeObject;
  /** True for objects of the first list: they may wait behind live changes. */
  initial: boolean;
}

/** `namespace/name`, or `/name` for cluster-scoped objects. */
const storeKey = (namespace: string | undefined, name: string) => `${namespace ?? ''}/${name}`;

const keyOfObject = (object: KubeObject) =>
  storeKey(object.metadata.namespace, object.metadata.name);

/**
 * An own write that the watch has not delivered yet. `truth` is what list and watch say meanwhile.
 * resourceVersions are compared only for equality.
 */
interface Overlay {
  resourceVersion: string | undefined;
  uid: string | undefined;
  truth: KubeObject | undefined;
  sinceMs: number;
}

/** An overlay whose event never came (lost in a relist) gives way after this time. */
const OVERLAY_LIMIT_MS = 30_000;
/** Versions remembered to recognise an answer that arrives after its own watch event. */
const SEEN_LIMIT = 2048;

interface StoreOptions {
  now: () => number;
  /** Trims objects before they are kept. */
  transform?: (object: KubeObject) => KubeObject;
  /** Makes stored objects immutable: for tests, it costs time. */
  freeze?: boolean;
}

/** What readers of a local copy need, and who writes. Objects are shared: never change them. */
export type Lister = Pick<
  Store,
  'get' | 'list' | 'byName' | 'byIndex' | 'observe' | 'observeDeleted'
>;

/** Local copy of one kind: by key, by index, and with own writes visible at once. */
export class Store {
  readonly #items = new Map<string, KubeObject>();
  /** By `index key`. */
  readonly #indexed = new Map<string, Set<string>>();
  readonly #byName = new Map<string, Readonly<Record<string, KubeObject>>>();
  readonly #overlays = new Map<string, Overlay>();
  readonly #seen = new Set<string>();
  readonly #options: StoreOptions;

  constructor(options: StoreOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#items.size;
  }

  get(namespace: string | undefined, name: string): KubeObject | undefined {
    this.#expireOverlays();
    return this.#items.get(storeKey(namespace, name));
  }

  /** In no particular order. */
  list(namespace?: string): KubeObject[] {
    this.#expireOverlays();
    const all = [...this.#items.values()];
    return namespace === undefined ? all : all.filter((o) => o.metadata.namespace === namespace);
  }

  /** Those of a namespace by their names: the same record until one of them changes. */
  byName(namespace: string): Readonly<Record<string, KubeObject>> {
    this.#expireOverlays();
    const known =
      this.#byName.get(namespace) ??
      Object.fromEntries(this.list(namespace).map((object) => [object.metadata.name, object]));
    this.#byName.set(namespace, known);
    return known;
  }

  /** `owner`: uid of the controlling owner; `cluster`: `namespace/label`; `node`: node of a pod. */
  byIndex(index: IndexName, key: string): KubeObject[] {
    this.#expireOverlays();
    const items = this.#indexed.get(`${index} ${key}`) ?? [];
    return [...items].flatMap((item) => this.#items.get(item) ?? []);
  }

  /** Puts the answer to an own write in place before the watch delivers it. */
  observe(answer: KubeObject): void {
    const object = this.#prepare(answer);
    const key = keyOfObject(object);
    const version = object.metadata.resourceVersion;
    const stored = this.#items.get(key);
    if (version === undefined || stored?.metadata.resourceVersion === version) return;
    if (this.#seen.has(version)) return; // the watch was faster and may be ahead already
    this.#cover(key, version, object.metadata.uid);
    this.#put(key, object);
  }

  /** Hides an object that the API has just confirmed to be deleted. */
  observeDeleted(namespace: string | undefined, name: string, uid: string | undefined): void {
    const key = storeKey(namespace, name);
    const stored = this.#items.get(key);
    if (!stored || (uid !== undefined && stored.metadata.uid !== uid)) return;
    this.#cover(key, undefined, stored.metadata.uid);
    this.#remove(key);
  }

  /** Takes over one watch event; undefined when it changes nothing that readers see. */
  applyEvent(type: 'ADDED' | 'MODIFIED' | 'DELETED', raw: KubeObject): Change | undefined {
    const object = this.#prepare(raw);
    const key = keyOfObject(object);
    this.#remember(object.metadata.resourceVersion);
    const overlay = this.#overlays.get(key);
    // Handlers have not been told of an own write: for them the change starts from the truth.
    const old = this.#truth(key);
    if (overlay && !this.#endsOverlay(overlay, type, object)) {
      overlay.truth = type === 'DELETED' ? undefined : object;
      return undefined;
    }
    this.#overlays.delete(key);
    if (type === 'DELETED') {
      this.#remove(key);
      return { type: 'deleted', object, ...(old ? { old } : {}), initial: false };
    }
    this.#put(key, object);
    return changeTo(object, old, false);
  }

  /**
   * Takes over a complete list of one scope.
   * @param startedMs when the list was asked for: own writes after that moment stay visible
   */
  replace(
    items: KubeObject[],
    scope: { namespace?: string | undefined; startedMs: number; initial: boolean },
  ): Change[] {
    this.#dropOverlays(scope.startedMs);
    const changes: Change[] = [];
    const present = new Set<string>();
    for (const raw of items) {
      const object = this.#prepare(raw);
      const key = keyOfObject(object);
      present.add(key);
      this.#remember(object.metadata.resourceVersion);
      if (this.#hasOverlay(key, object)) continue;
      const old = this.#items.get(key);
      if (old && old.metadata.resourceVersion === object.metadata.resourceVersion) continue;
      this.#put(key, object);
      changes.push(changeTo(object, old, scope.initial));
    }
    for (const [key, old] of this.#items) {
      if (present.has(key)) continue;
      if (scope.namespace !== undefined && old.metadata.namespace !== scope.namespace) continue;
      if (this.#hasOverlay(key, undefined)) continue;
      this.#remove(key);
      changes.push({ type: 'deleted', object: old, old, initial: scope.initial });
    }
    return changes;
  }

  /** What list and watch say of a key. */
  #truth(key: string): KubeObject | undefined {
    const overlay = this.#overlays.get(key);
    return overlay ? overlay.truth : this.#items.get(key);
  }

  /** Notes an own write; a deletion has no version. */
  #cover(key: string, resourceVersion: string | undefined, uid: string | undefined): void {
    const sinceMs = this.#options.now();
    this.#overlays.set(key, { resourceVersion, uid, truth: this.#truth(key), sinceMs });
  }

  /** Whether an event is the one an overlay waits for, or proves that its object is gone. */
  #endsOverlay(overlay: Overlay, type: string, object: KubeObject): boolean {
    if (type === 'DELETED') return object.metadata.uid === overlay.uid;
    if (overlay.resourceVersion === undefined) return object.metadata.uid !== overlay.uid;
    return object.metadata.resourceVersion === overlay.resourceVersion;
  }

  /** Notes what a list says about an object whose newest version is an own write. */
  #hasOverlay(key: string, listed: KubeObject | undefined): boolean {
    const overlay = this.#overlays.get(key);
    if (!overlay) return false;
    if (listed && this.#endsOverlay(overlay, 'ADDED', listed)) {
      this.#settle(key, overlay);
      return false;
    }
    overlay.truth = listed;
    return true;
  }

  #expireOverlays(): void {
    if (this.#overlays.size > 0) this.#dropOverlays(this.#options.now() - OVERLAY_LIMIT_MS);
  }

  /** Goes back to what list and watch say where an own write was made before the given time. */
  #dropOverlays(beforeMs: number): void {
    for (const [key, overlay] of this.#overlays) {
      if (overlay.sinceMs < beforeMs) this.#settle(key, overlay);
    }
  }

  #settle(key: string, overlay: Overlay): void {
    this.#overlays.delete(key);
    if (overlay.truth) this.#put(key, overlay.truth);
    else this.#remove(key);
  }

  #remember(version: string | undefined): void {
    if (version === undefined) return;
    this.#seen.add(version);
    const [oldest] = this.#seen;
    if (this.#seen.size > SEEN_LIMIT && oldest !== undefined) this.#seen.delete(oldest);
  }

  #prepare(raw: KubeObject): KubeObject {
    const object = this.#options.transform?.(raw) ?? raw;
    return this.#options.freeze ? deepFreeze(object) : object;
  }

  #put(key: string, object: KubeObject): void {
    this.#remove(key);
    this.#items.set(key, object);
    this.#byName.delete(object.metadata.namespace ?? '');
    for (const at of indexKeys(object)) {
      this.#indexed.set(at, (this.#indexed.get(at) ?? new Set()).add(key));
    }
  }

  #remove(key: string): void {
    const object = this.#items.get(key);
    if (!object) return;
    this.#items.delete(key);
    this.#byName.delete(object.metadata.namespace ?? '');
    for (const at of indexKeys(object)) {
      const keys = this.#indexed.get(at);
      keys?.delete(key);
      if (keys?.size === 0) this.#indexed.delete(at);
    }
  }
}

function changeTo(object: KubeObject, old: KubeObject | undefined, initial: boolean): Change {
  return old ? { type: 'updated', object, old, initial } : { type: 'added', object, initial };
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
}
