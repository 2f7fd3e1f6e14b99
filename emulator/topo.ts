/** The runtime's view of etcd: one global store, and a store per cell that the Cell record names. */
import { messageCodec } from '../controller/proto/load.ts';
import type { KeyValue } from '../controller/topo/etcd.ts';
import { RuntimeEtcd } from './etcd.ts';
import type { Flags } from './flags.ts';
import { recordSegment, type Id } from './ids.ts';

/** A value with the revision that a compare-and-set needs. */
export interface Versioned {
  /** Key relative to the store's root. */
  path: string;
  value: Buffer;
  /** mod_revision, decimal. */
  version: string;
}

/** One etcd root. Every call has a deadline of 5 s unless said otherwise and throws when etcd does not answer. */
export interface Store {
  readonly root: string;
  get(path: string): Promise<Versioned | undefined>;
  list(prefix: string, keysOnly?: boolean): Promise<Versioned[]>;
  /** False when the key exists. */
  create(path: string, value: Buffer): Promise<boolean>;
  /** False when the key changed since that version. */
  update(path: string, value: Buffer, version: string): Promise<boolean>;
  put(path: string, value: Buffer): Promise<void>;
  delete(path: string): Promise<boolean>;
  /** Create-only put under a fresh lease of `ttlSeconds`, kept alive until released; undefined when the key exists. */
  lock(path: string, text: string, ttlSeconds: number): Promise<Lock | undefined>;
  /** Revokes the lease that holds the key, if any. */
  breakLock(path: string): Promise<void>;
}
export interface Lock {
  release(): Promise<void>;
}

export interface Topo {
  readonly global: Store;
  /** The store of a cell; reads the Cell record from the global store every time, like the runtime. @throws Error when there is no such record */
  cell(name: string): Promise<Store>;
  /** All cells by one reading of the global store; cells with one root share one Store object. */
  cells(): Promise<Map<string, Store>>;
  close(): void;
}

export const poolerPath = (id: Id): string => `poolers/${recordSegment(id)}/Pooler`;
export const gatewayPath = (id: Id): string => `gateways/${recordSegment(id)}/Gateway`;
export const orchPath = (id: Id): string => `orchs/${recordSegment(id)}/Orch`;
export const databasePath = (database: string): string => `databases/${database}/Database`;
export const claimPath = (database: string, tableGroup: string, shard: string): string =>
  `databases/${database}/${tableGroup}/${shard}/ShardInitClaim`;
export const backupLockPath = (database: string, tableGroup: string, shard: string): string =>
  `backups/${database}/${tableGroup}/${shard}/lock`;

export interface CellRecord {
  name?: string;
  server_addresses?: string[];
  root?: string;
}
export const cellCodec = messageCodec<CellRecord>('Cell');

class EtcdStore implements Store {
  readonly root: string;
  private readonly client: RuntimeEtcd;

  constructor(client: RuntimeEtcd, root: string) {
    this.client = client;
    this.root = root.replace(/\/+$/, '');
  }

  private key(path: string): string {
    return `${this.root}/${path}`;
  }

  private versioned(kv: KeyValue): Versioned {
    return { path: kv.key.slice(this.root.length + 1), value: kv.value, version: kv.modRevision };
  }

  async get(path: string): Promise<Versioned | undefined> {
    const found = await this.client.get(this.key(path));
    return found && this.versioned(found);
  }

  async list(prefix: string, keysOnly = false): Promise<Versioned[]> {
    const found = await this.client.range(this.key(prefix), { keysOnly });
    return found.map((kv) => this.versioned(kv));
  }

  create(path: string, value: Buffer): Promise<boolean> {
    return this.client.create(this.key(path), value);
  }

  update(path: string, value: Buffer, version: string): Promise<boolean> {
    return this.client.update(this.key(path), value, version);
  }

  put(path: string, value: Buffer): Promise<void> {
    return this.client.put(this.key(path), value);
  }

  delete(path: string): Promise<boolean> {
    return this.client.delete(this.key(path));
  }

  async lock(path: string, text: string, ttlSeconds: number): Promise<Lock | undefined> {
    const lease = await this.client.holdLease(ttlSeconds);
    if (await this.client.createUnder(lease.id, this.key(path), Buffer.from(text))) {
      return { release: () => lease.revoke() };
    }
    await lease.revoke();
    return undefined;
  }

  async breakLock(path: string): Promise<void> {
    const found = await this.client.get(this.key(path));
    if (found && found.lease !== '0') await this.client.revokeLease(found.lease);
  }
}

/** Opens the stores named by --topo-global-server-addresses and --topo-global-root. */
export function openTopo(flags: Flags): Topo {
  const addresses = flags.text('topo-global-server-addresses').split(',').filter(Boolean);
  const root = flags.text('topo-global-root');
  if (addresses.length === 0 || !root) {
    throw new Error('--topo-global-server-addresses and --topo-global-root must be set');
  }
  const clients = new Map<string, RuntimeEtcd>();
  const shared = new Map<string, Store>();
  const store = (endpoints: readonly string[], at: string): Store => {
    const key = endpoints.join(',');
    const client =
      clients.get(key) ?? new RuntimeEtcd({ endpoints: [...endpoints], timeoutMs: 5000 });
    clients.set(key, client);
    return new EtcdStore(client, at);
  };
  const global = store(addresses, root);
  return {
    global,
    cell: async (name) => {
      const found = await global.get(`cells/${name}/Cell`);
      if (!found) throw new Error(`no Cell record for cell ${name}`);
      const cell = cellCodec.decode(found.value);
      return store(cell.server_addresses ?? [], cell.root ?? '');
    },
    cells: async () => {
      const records = await global.list('cells/');
      const cells = records.map(
        ({ path, value }) => [path.split('/')[1] ?? '', cellCodec.decode(value)] as const,
      );
      return new Map(
        cells.map(([name, cell]) => {
          const addresses = cell.server_addresses ?? [];
          const key = `${addresses.join(',')} ${cell.root ?? ''}`;
          const found = shared.get(key) ?? store(addresses, cell.root ?? '');
          shared.set(key, found);
          return [name, found];
        }),
      );
    },
    close: () => {
      for (const client of clients.values()) client.close();
    },
  };
}
