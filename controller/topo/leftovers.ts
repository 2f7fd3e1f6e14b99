/**
 * Records of a cluster that is gone, in topology servers that others run: what its processes and we wrote
 * there would stay for ever. Each deletion goes through `mayRemove`.
 */
import type { EtcdClient } from './client.ts';
import type { KeyValue } from './etcd.ts';
import { codecs } from './codec.ts';
import { topoKeys } from './keys.ts';
import { listDatabases } from './records.ts';
import type { Multipooler } from './types.ts';

/** One topology server, as far as it belongs to a cluster. */
export interface Store {
  client: EtcdClient;
  root: string;
}

export interface Leftovers {
  namespace: string;
  /** The global topology; absent when it goes with the cluster. */
  global?: Store;
  /** Cells of the cluster, and where their processes registered; absent when that goes with the cluster. */
  cells: readonly { name: string; store?: Store }[];
  shards: readonly {
    database: string;
    tableGroup: string;
    shard: string;
    /** Volumes of it are retained: what the topology knows of it is kept for its return. */
    retained: boolean;
  }[];
  /** Names and addresses of the pods that still run in that namespace. */
  running: ReadonlySet<string>;
}

export interface RemovalResult {
  deleted: string[];
  kept: { key: string; reason: string }[];
}

/** A record, and what speaks for its being in use. */
export type Removal =
  | {
      kind: 'process';
      hostname: string;
      namespace: string;
      running: ReadonlySet<string>;
      /** Processes in the same cell that run elsewhere. */
      strangers: readonly string[];
    }
  | { kind: 'shard' | 'database'; name: string; retained: boolean; poolers: readonly string[] }
  | { kind: 'cell'; name: string; databases: readonly string[]; processes: readonly string[] };

type RemovalDecision = { ok: true } | { ok: false; refusal: string };

const IP = /^[0-9.]+$|:/;
const isAt = (namespace: string, hostname: string): boolean =>
  `${hostname}.`.includes(`.${namespace}.svc.`);

/** May this record of a cluster that is being deleted go? */
export const mayRemove = (removal: Removal): RemovalDecision => {
  const no = (refusal: string): RemovalDecision => ({ ok: false, refusal });
  switch (removal.kind) {
    case 'process': {
      const { hostname, namespace, running, strangers } = removal;
      if (hostname === '') return no('it does not say where its process runs');
      const [pod = ''] = hostname.split('.');
      const isAddress = IP.test(hostname);
      if (running.has(isAddress ? hostname : pod)) return no(`${hostname} still runs`);
      if (isAt(namespace, hostname)) return { ok: true };
      if (!isAddress)
        return no(`${hostname} is not in namespace ${namespace}: it may be another cluster's`);
      // An address does not tell whose it was.
      const [stranger] = strangers;
      if (stranger === undefined) return { ok: true };
      return no(`${stranger} is in the same cell: ${hostname} may be of its cluster`);
    }
    case 'shard':
    case 'database': {
      const { name, retained, poolers } = removal;
      if (retained) return no(`volumes of ${name} are retained, and need it when they return`);
      if (poolers.length > 0) return no(`pooler ${poolers[0]} of ${name} is registered`);
      return { ok: true };
    }
    case 'cell': {
      const { name, databases, processes } = removal;
      if (databases.length > 0) return no(`database ${databases[0]} lists cell ${name}`);
      if (processes.length > 0) return no(`${processes[0]} is registered in cell ${name}`);
      return { ok: true };
    }
  }
};

interface Process {
  store: Store;
  kv: KeyValue;
  cell: string;
  hostname: string;
  database: string | undefined;
}

type Registered = Pick<Multipooler, 'id' | 'hostname' | 'shard_key'>;

const decode = (codec: { decode(value: Buffer): Registered }, kv: KeyValue): Registered => {
  try {
    return codec.decode(kv.value);
  } catch {
    return {};
  }
};

const distinct = (stores: readonly (Store | undefined)[]): Store[] =>
  stores.filter((store, i): store is Store => {
    const isSame = (other: Store | undefined): boolean =>
      other?.client === store?.client && other?.root === store?.root;
    return store !== undefined && stores.findIndex(isSame) === i;
  });

/** Everything registered in a topology server. */
const processesIn = async (store: Store): Promise<Process[]> => {
  const { client, root } = store;
  const kinds = [
    [topoKeys.poolers(root), codecs.Multipooler],
    [topoKeys.gateways(root), codecs.Multigateway],
    [topoKeys.orchs(root), codecs.Multiorch],
  ] as const;
  const found: Process[] = [];
  for (const [prefix, codec] of kinds) {
    for (const kv of await client.range(prefix)) {
      const { id, hostname = '', shard_key } = decode(codec, kv);
      found.push({ store, kv, cell: id?.cell ?? '', hostname, database: shard_key?.database });
    }
  }
  return found;
};

/** Deletes the registrations of the cluster's processes; returns those that stay. */
const removeProcesses = async (left: Leftovers, result: RemovalResult): Promise<Process[]> => {
  const cells = new Set(left.cells.map(({ name }) => name));
  const stores = distinct([left.global, ...left.cells.map(({ store }) => store)]);
  const all = (await Promise.all(stores.map(processesIn))).flat();
  const stay = all.filter(({ cell }) => !cells.has(cell));
  const { namespace, running } = left;
  const strangers = all.filter(({ hostname }) => !IP.test(hostname) && !isAt(namespace, hostname));
  for (const one of all.filter(({ cell }) => cells.has(cell))) {
    const decision = mayRemove({
      kind: 'process',
      hostname: one.hostname,
      namespace,
      running,
      strangers: strangers.flatMap(({ cell, hostname }) => (cell === one.cell ? [hostname] : [])),
    });
    const { key, modRevision } = one.kv;
    // One that was written meanwhile has a process.
    if (decision.ok && (await one.store.client.deleteIf(key, modRevision))) {
      result.deleted.push(key);
      continue;
    }
    stay.push(one);
    result.kept.push({ key, reason: decision.ok ? 'it was written just now' : decision.refusal });
  }
  return stay;
};

/**
 * Deletes what is left of a cluster and nobody else uses: registrations of its processes, then what is known
 * of its shards, then its cells.
 * @throws EtcdError when a topology server does not answer
 */
export const removeLeftovers = async (left: Leftovers): Promise<RemovalResult> => {
  const result: RemovalResult = { deleted: [], kept: [] };
  const stay = await removeProcesses(left, result);
  if (!left.global) return result;
  const { client, root } = left.global;
  const remove = async (key: string, removal: Removal): Promise<boolean> => {
    const decision = mayRemove(removal);
    if (!decision.ok) result.kept.push({ key, reason: decision.refusal });
    else if (await client.delete(key)) result.deleted.push(key);
    return decision.ok;
  };
  const poolersOf = (name: string): string[] =>
    stay.flatMap((one) => (one.database === name ? [`${one.cell}/${one.hostname}`] : []));
  const databases = await listDatabases(client, root);
  for (const { database, tableGroup, shard, retained } of left.shards) {
    const key = topoKeys.shardInitClaim(root, database, tableGroup, shard);
    const name = `${database}/${tableGroup}/${shard}`;
    await remove(key, { kind: 'shard', name, retained, poolers: poolersOf(database) });
  }
  for (const name of new Set(left.shards.map(({ database }) => database))) {
    const retained = left.shards.some((one) => one.database === name && one.retained);
    const request: Removal = { kind: 'database', name, retained, poolers: poolersOf(name) };
    if (await remove(topoKeys.database(root, name), request)) databases.delete(name);
  }
  for (const { name } of left.cells) {
    await remove(topoKeys.cell(root, name), {
      kind: 'cell',
      name,
      databases: [...databases].flatMap(([db, { cells }]) => (cells?.includes(name) ? [db] : [])),
      processes: stay.filter(({ cell }) => cell === name).map(({ kv }) => kv.key),
    });
  }
  return result;
};
