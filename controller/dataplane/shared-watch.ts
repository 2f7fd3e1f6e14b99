/** One watch per topology server and prefix, however many shards look at it. Each sees its own group. */
import type { Clock } from '../../kube/clock.ts';
import type { TlsMaterial } from '../rpc/tls.ts';
import type { TopoAccess } from '../topo/access.ts';
import { PrefixWatch, type Item, type ItemChange } from '../topo/prefix-watch.ts';

/** What the watched prefix is part of. */
interface Place {
  endpoints: string[];
  prefix: string;
  tls?: TlsMaterial | undefined;
}

/** One user's hold on a watch, and its view of it. */
export interface Lease<T> extends Pick<PrefixWatch<T>, 'hasSynced' | 'error' | 'refresh'> {
  /** Values of the group by their key, as last read. */
  items(): ReadonlyMap<string, Item<T>>;
  /** The watch ends with its last lease. */
  release(): void;
}

interface SharedWatchesOptions<T> {
  topo: Pick<TopoAccess, 'client'>;
  clock: Clock;
  random: () => number;
  decode: (value: Buffer) => T;
  groupOf: (value: T) => string;
  /** A change that leaves this as it was is nobody's news. */
  matters: (value: T) => string;
}

interface Shared<T> {
  watch: PrefixWatch<T>;
  groups: Map<string, Map<string, Item<T>>>;
  /** By group. */
  listeners: Map<string, Set<() => void>>;
}

export class SharedWatches<T> {
  readonly #options: SharedWatchesOptions<T>;
  readonly #shared = new Map<string, Shared<T>>();

  constructor(options: SharedWatchesOptions<T>) {
    this.#options = options;
  }

  /** `onChange` is called when something in the group changed that matters, or the server came or went. */
  lease(place: Place, group: string, onChange: () => void): Lease<T> {
    const key = JSON.stringify(place);
    const shared = this.#shared.get(key) ?? this.#open(place);
    this.#shared.set(key, shared);
    // a listener of its own, so that the same function may hold two leases
    const listener = (): void => onChange();
    const listeners = shared.listeners.get(group) ?? new Set();
    shared.listeners.set(group, listeners.add(listener));
    return {
      items: () => shared.groups.get(group) ?? new Map(),
      get hasSynced() {
        return shared.watch.hasSynced;
      },
      get error() {
        return shared.watch.error;
      },
      refresh: () => shared.watch.refresh(),
      release: () => {
        listeners.delete(listener);
        if (listeners.size === 0) shared.listeners.delete(group);
        if (shared.listeners.size > 0 || this.#shared.get(key) !== shared) return;
        shared.watch.close();
        this.#shared.delete(key);
      },
    };
  }

  #open({ endpoints, prefix, tls }: Place): Shared<T> {
    const { topo, clock, random, decode } = this.#options;
    const groups: Shared<T>['groups'] = new Map();
    const listeners: Shared<T>['listeners'] = new Map();
    const tell = (names: Iterable<string>): void => {
      for (const name of [...names])
        for (const listener of [...(listeners.get(name) ?? [])]) listener();
    };
    const watch = new PrefixWatch<T>({
      ...{ prefix, decode, clock, random },
      client: () => topo.client(endpoints, tls),
      onChanges: (changes) => tell(this.#regroup(groups, changes)),
      onState: () => tell(listeners.keys()),
    });
    return { watch, groups, listeners };
  }

  /** Takes changes over; returns the groups to which they matter. */
  #regroup(groups: Shared<T>['groups'], changes: ItemChange<T>[]): Set<string> {
    const { groupOf, matters } = this.#options;
    const touched = new Set<string>();
    for (const { before, after } of changes) {
      const from = before && groupOf(before.value);
      const to = after && groupOf(after.value);
      if (before && from !== undefined) {
        const items = groups.get(from);
        items?.delete(before.kv.key);
        if (items?.size === 0) groups.delete(from);
      }
      if (after && to !== undefined) {
        const items = groups.get(to) ?? new Map<string, Item<T>>();
        groups.set(to, items.set(after.kv.key, after));
      }
      if (before && after && from === to && matters(before.value) === matters(after.value))
        continue;
      for (const name of [from, to]) if (name !== undefined) touched.add(name);
    }
    return touched;
  }
}
