/** What the data plane says about a shard: its records in the topology and its poolers' own answers. */
import { endpointsOf } from '../../../schemas/resolve/topo-ref.ts';
import type { TopoRef } from '../../../schemas/types.ts';
import type { Rpc } from '../../rpc/client.ts';
import type { TlsMaterial } from '../../rpc/tls.ts';
import type { StatusResponse } from '../../rpc/types.ts';
import type { TopoAccess } from '../../topo/access.ts';
import type { EtcdClient } from '../../topo/client.ts';
import { codecs } from '../../topo/codec.ts';
import { topoKeys } from '../../topo/keys.ts';
import type { PoolerEntry } from '../../topo/records.ts';
import { readPoolers } from '../../topo/records.ts';
import type { CellRecord, Multipooler, ShardKey } from '../../topo/types.ts';
import type { ShardMemory } from './cache.ts';
import type { PoolerView } from '../state/roles.ts';

/** A pooler that should be there. */
export interface Member {
  pod: string;
  id: string;
  cell: string;
  /** Its pod exists and does not terminate: worth a call. */
  alive: boolean;
  /** host:port of its gRPC by its Service, for when no record tells. */
  address: string;
}

export interface DataPlane {
  /** Why the topology could not be read, if so. */
  error?: string;
  /** Cells of the shard that have no record yet. */
  unregisteredCells: string[];
  /** Pooler id -> its record with the revision it was read at. */
  entries: ReadonlyMap<string, PoolerEntry>;
  views: PoolerView[];
}

export interface DataPlaneRequest {
  topo: TopoRef;
  shard: ShardKey;
  members: readonly Member[];
  tls?: TlsMaterial;
  /** For topology servers with TLS. */
  topoTls?: TlsMaterial;
}

export interface DataPlaneAccess {
  topo: TopoAccess;
  rpc: Rpc;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** Longer than a loaded pooler needs, short enough that a fail-over shows within five seconds. */
const STATUS_TIMEOUT_MS = 2000;
/**
 * A pooler that misses calls under load keeps its last answer for so long. A fail-over shows sooner: its
 * new primary writes a record of its own.
 */
const REPLY_LIFE_MS = 15_000;

const readCells = async (client: EtcdClient, root: string): Promise<Map<string, CellRecord>> => {
  const cells = new Map<string, CellRecord>();
  for (const { key, value } of await client.range(topoKeys.cells(root))) {
    if (!key.endsWith('/Cell')) continue;
    const record = codecs.Cell.decode(value);
    if (record.name !== undefined) cells.set(record.name, record);
  }
  return cells;
};

interface Topology {
  entries: Map<string, PoolerEntry>;
  unregisteredCells: string[];
}

const readTopology = async (
  access: DataPlaneAccess,
  request: DataPlaneRequest,
): Promise<Topology> => {
  const { address, rootPath } = request.topo;
  const clientOf = (endpoints: string[]): EtcdClient =>
    access.topo.client(endpoints.length > 0 ? endpoints : endpointsOf(address), request.topoTls);
  const records = await readCells(clientOf([]), rootPath);
  const wanted = [...new Set(request.members.map(({ cell }) => cell))];
  const entries = new Map<string, PoolerEntry>();
  await Promise.all(
    wanted.map(async (cell) => {
      const record = records.get(cell);
      if (!record) return;
      const client = clientOf(record.server_addresses ?? []);
      const found = await readPoolers(client, record.root ?? rootPath, cell, request.shard);
      for (const entry of found) entries.set(entry.record.id?.name ?? '', entry);
    }),
  );
  return { entries, unregisteredCells: wanted.filter((cell) => !records.has(cell)) };
};

const grpcAddress = (record: Multipooler): string | undefined => {
  const port = record.port_map?.['grpc'];
  return record.hostname && port ? `${record.hostname}:${port}` : undefined;
};

const askAll = async (
  access: DataPlaneAccess,
  request: DataPlaneRequest,
  /** Undefined: they could not be read. */
  records: ReadonlyMap<string, PoolerEntry> | undefined,
  memory: ShardMemory,
): Promise<Map<string, StatusResponse>> => {
  const replies = new Map<string, StatusResponse>();
  const addressOf = ({ id, alive, address }: Member): string | undefined => {
    const record = records?.get(id)?.record;
    if (!alive || record?.lifecycle_status?.status === 'LIFECYCLE_SHUTDOWN') return undefined;
    return records ? record && grpcAddress(record) : address;
  };
  await Promise.all(
    request.members.map(async (member) => {
      const { id } = member;
      const address = addressOf(member);
      if (address === undefined) {
        memory.replies.delete(id);
        return;
      }
      try {
        const target = { address, ...(request.tls ? { tls: request.tls } : {}) };
        const value = await access.rpc.poolerStatus(target, STATUS_TIMEOUT_MS);
        memory.replies.set(id, { atMs: access.now(), value });
        replies.set(id, value);
      } catch {
        const last = memory.replies.get(id);
        if (last && access.now() - last.atMs < REPLY_LIFE_MS) replies.set(id, last.value);
        else memory.replies.delete(id);
      }
    }),
  );
  return replies;
};

/** Reads everything once. Never throws: what could not be read is missing, and said. */
export const readDataPlane = async (
  access: DataPlaneAccess,
  request: DataPlaneRequest,
  memory: ShardMemory,
): Promise<DataPlane> => {
  let topology: Topology = { entries: new Map(), unregisteredCells: [] };
  let error: string | undefined;
  try {
    topology = await readTopology(access, request);
  } catch (caught) {
    error = caught instanceof Error ? caught.message : String(caught);
  }
  const replies = await askAll(
    access,
    request,
    error === undefined ? topology.entries : undefined,
    memory,
  );
  return {
    ...(error === undefined ? {} : { error }),
    unregisteredCells: topology.unregisteredCells,
    entries: topology.entries,
    views: request.members.map(({ pod, id, cell }) => {
      const record = topology.entries.get(id)?.record;
      const status = replies.get(id);
      return {
        pod,
        id,
        cell,
        ...(record ? { record } : {}),
        ...(status ? { status } : {}),
      };
    }),
  };
};
