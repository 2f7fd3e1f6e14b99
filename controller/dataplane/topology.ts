/** The records of one shard's poolers: which cells there are, where each keeps its poolers, what those say. */
import { endpointsOf } from '../../schemas/resolve/topo-ref.ts';
import type { TopoRef } from '../../schemas/types.ts';
import type { Clock } from '../../kube/clock.ts';
import type { TlsMaterial } from '../rpc/tls.ts';
import type { TopoAccess } from '../topo/access.ts';
import { codecs } from '../topo/codec.ts';
import { topoKeys } from '../topo/keys.ts';
import type { PoolerEntry } from '../topo/records.ts';
import type { CellRecord, Multipooler, ShardKey } from '../topo/types.ts';
import { whatMatters } from './matters.ts';
import { SharedWatches, type Lease } from './shared-watch.ts';

interface TopologyRequest {
  topo: TopoRef;
  shard: ShardKey;
  /** Names of the cells in which the shard has members. */
  cells: readonly string[];
  tls?: TlsMaterial | undefined;
}

const groupOf = (cell: string | undefined, shard: ShardKey | undefined): string =>
  JSON.stringify([cell, shard?.database, shard?.table_group, shard?.shard]);

export class TopologyWatches {
  readonly cells: SharedWatches<CellRecord>;
  readonly poolers: SharedWatches<Multipooler>;

  constructor(shared: { topo: Pick<TopoAccess, 'client'>; clock: Clock; random: () => number }) {
    this.cells = new SharedWatches({
      ...shared,
      decode: codecs.Cell.decode,
      groupOf: () => '',
      matters: (record) => JSON.stringify(record),
    });
    this.poolers = new SharedWatches({
      ...shared,
      decode: codecs.Multipooler.decode,
      groupOf: ({ id, shard_key }) => groupOf(id?.cell, shard_key),
      matters: whatMatters,
    });
  }
}

interface Held<T> {
  place: string;
  lease: Lease<T>;
}

export class ShardTopology {
  readonly #watches: TopologyWatches;
  readonly #onChange: () => void;
  #request: TopologyRequest;
  #cells: Held<CellRecord> | undefined;
  /** By cell. */
  readonly #poolers = new Map<string, Held<Multipooler>>();

  /** @param onChange a record changed in what matters, or a server came or went */
  constructor(watches: TopologyWatches, request: TopologyRequest, onChange: () => void) {
    this.#watches = watches;
    this.#request = request;
    this.#onChange = onChange;
    this.follow(request);
  }

  /** Holds a watch on what `request` names, and on nothing else. */
  follow(request: TopologyRequest): void {
    this.#request = request;
    const { topo, tls } = request;
    const prefix = topoKeys.cells(topo.rootPath);
    const place = { endpoints: endpointsOf(topo.address), prefix, tls };
    const listener = (): void => {
      if (!this.#cells) return;
      this.follow(this.#request);
      this.#onChange();
    };
    this.#cells = renew(this.#cells, place, () => this.#watches.cells.lease(place, '', listener));
    const records = this.#records();
    for (const [cell, { lease }] of this.#poolers) {
      if (request.cells.includes(cell) && records.has(cell)) continue;
      lease.release();
      this.#poolers.delete(cell);
    }
    for (const cell of request.cells) {
      const record = records.get(cell);
      if (record) this.#followCell(cell, record);
    }
  }

  /** Why a server that the shard depends on cannot be read, if so. */
  get error(): string | undefined {
    return this.#held().find(({ lease }) => lease.error !== undefined)?.lease.error;
  }

  /** Something was never read: what is missing in `entries` and `unregisteredCells` may be there. */
  get pending(): boolean {
    return this.#held().some(({ lease }) => !lease.hasSynced);
  }

  get unregisteredCells(): string[] {
    if (this.#cells?.lease.hasSynced !== true) return [];
    const records = this.#records();
    return this.#request.cells.filter((cell) => !records.has(cell));
  }

  get entries(): Map<string, PoolerEntry> {
    const entries = new Map<string, PoolerEntry>();
    for (const { lease } of this.#poolers.values()) {
      for (const { kv, value } of lease.items().values()) {
        entries.set(value.id?.name ?? '', { kv, record: value });
      }
    }
    return entries;
  }

  /** Reads everything anew. Never rejects; false when something could not be read. */
  async refresh(): Promise<boolean> {
    if ((await this.#cells?.lease.refresh()) !== true) return false;
    const read = await Promise.all([...this.#poolers.values()].map(({ lease }) => lease.refresh()));
    return read.every(Boolean);
  }

  release(): void {
    for (const { lease } of this.#held()) lease.release();
    this.#cells = undefined;
    this.#poolers.clear();
  }

  #held(): Held<unknown>[] {
    return [...(this.#cells ? [this.#cells] : []), ...this.#poolers.values()];
  }

  #records(): Map<string, CellRecord> {
    const records = new Map<string, CellRecord>();
    for (const { kv, value } of this.#cells?.lease.items().values() ?? []) {
      if (value.name !== undefined && kv.key.endsWith('/Cell')) records.set(value.name, value);
    }
    return records;
  }

  #followCell(cell: string, record: CellRecord): void {
    const { topo, shard, tls } = this.#request;
    const { server_addresses: own = [], root = topo.rootPath } = record;
    const endpoints = own.length > 0 ? own : endpointsOf(topo.address);
    const place = { endpoints, prefix: topoKeys.poolers(root), tls };
    const group = groupOf(cell, shard);
    const held = renew(this.#poolers.get(cell), { ...place, group }, () =>
      this.#watches.poolers.lease(place, group, this.#onChange),
    );
    this.#poolers.set(cell, held);
  }
}

/** The lease that is held, if it is of this place; otherwise a new one, and the old one is given back. */
const renew = <T>(held: Held<T> | undefined, place: object, take: () => Lease<T>): Held<T> => {
  const text = JSON.stringify(place);
  if (held?.place === text) return held;
  const lease = take();
  held?.lease.release();
  return { place: text, lease };
};
