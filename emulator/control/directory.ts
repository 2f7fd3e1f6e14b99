/** All pooler records of all cells, kept fresh by reading etcd again and again. */
import { messageCodec } from '../../controller/proto/load.ts';
import type { Multipooler } from '../../controller/topo/types.ts';
import type { Id } from '../ids.ts';
import type { Log } from '../log.ts';
import { sleep } from '../role.ts';
import type { Store, Topo } from '../topo.ts';

const poolerCodec = messageCodec<Multipooler>('Multipooler');

/** Names of all cells: the path segments below `cells/`. */
export async function cellNames(topo: Topo): Promise<string[]> {
  const keys = await topo.global.list('cells/', true);
  return segments(keys.map((k) => k.path));
}

/** Names of all databases that have any key, also ones whose Database record is gone. */
export async function databaseNames(topo: Topo): Promise<string[]> {
  const keys = await topo.global.list('databases/', true);
  return segments(keys.map((k) => k.path));
}

const segments = (paths: string[]): string[] =>
  [...new Set(paths.map((path) => path.split('/')[1] ?? ''))]
    .filter((name) => name !== '')
    .toSorted();

/** Records of one sort of component in one cell. Cells may share a root: others' records are dropped. */
export async function componentsOf<T extends { id?: Id }>(
  store: Store,
  cell: string,
  prefix: string,
  decode: (bytes: Uint8Array) => T,
): Promise<T[]> {
  const values = await store.list(prefix);
  return values.map((v) => decode(v.value)).filter((record) => record.id?.cell === cell);
}

/** The poolers of one cell. */
export async function poolersOf(topo: Topo, cell: string): Promise<Multipooler[]> {
  return componentsOf(await topo.cell(cell), cell, 'poolers/', poolerCodec.decode);
}

export interface DirectoryOptions {
  topo: Topo;
  log: Log;
  /** Pause between two readings, ms. */
  intervalMs: number;
  onRecords(records: Multipooler[]): void;
  signal: AbortSignal;
}

/**
 * Reads until `signal` ends. A store that cannot be read keeps its last known records, so that an etcd
 * that is away changes nothing for those who already know each other.
 */
export async function followPoolers(o: DirectoryOptions): Promise<void> {
  const known = new Map<Store, Multipooler[]>();
  let failing = false;
  while (!o.signal.aborted) {
    try {
      const cells = await o.topo.cells();
      const stores = [...new Set(cells.values())];
      for (const store of known.keys()) if (!stores.includes(store)) known.delete(store);
      await Promise.allSettled(
        stores.map(async (store) => {
          const values = await store.list('poolers/');
          const records = values.map((v) => poolerCodec.decode(v.value));
          known.set(
            store,
            records.filter((r) => cells.get(r.id?.cell ?? '') === store),
          );
        }),
      );
      o.onRecords([...known.values()].flat());
      failing = false;
    } catch (error) {
      if (!failing) o.log.warn('topology cannot be read, going on with what is known', { error });
      failing = true;
    }
    await sleep(o.intervalMs, o.signal);
  }
}
