/** The records of a cluster in its topology: what they should say, and writing them. */
import { compact } from '../../schemas/compact.ts';
import { policyOrDefault } from '../../schemas/durability.ts';
import { names } from '../../schemas/names.ts';
import type {
  ResolvedCell,
  ResolvedCluster,
  ResolvedDatabase,
} from '../../schemas/resolve/types.ts';
import type { Backup } from '../../schemas/types.ts';
import { endpointsOf, plainAddress } from '../../schemas/resolve/topo-ref.ts';
import { textOf } from '../../schemas/text.ts';
import { topoAddress } from '../toposerver/desired.ts';
import { EtcdError, type EtcdClient } from '../topo/client.ts';
import { pruneRecords, writeCell, writeDatabase, type PruneResult } from '../topo/records.ts';
import type { BackupLocation, CellRecord, DatabaseRecord, QuorumType } from '../topo/types.ts';

/** Where a repository lies when no path is given. */
const DEFAULT_BACKUP_PATH = '/backups';

const QUORUM_TYPES: Record<3 | 4, QuorumType> = {
  3: 'QUORUM_TYPE_AT_LEAST_N',
  4: 'QUORUM_TYPE_MULTI_CELL_AT_LEAST_N',
};

/** The record of one cell: its own etcd, somebody else's, or the global one with the global root. */
export const cellRecord = (
  resolved: ResolvedCluster,
  cell: ResolvedCell,
): CellRecord & { name: string } => {
  const { etcd, external } = cell.localTopo ?? {};
  if (external) {
    return { name: cell.name, server_addresses: external.endpoints, root: external.rootPath };
  }
  if (etcd) {
    const server = names.localTopo(names.cell(resolved.name, cell.name));
    return {
      name: cell.name,
      server_addresses: [plainAddress(topoAddress(server, resolved.namespace), resolved.topoRef)],
      root: etcd.rootPath,
    };
  }
  const { address, rootPath } = resolved.topoRef;
  return { name: cell.name, server_addresses: endpointsOf(address), root: rootPath };
};

const location = (backup: Backup): BackupLocation => {
  const encrypted = backup.encryption ? { require_initial_repo_encryption: true } : {};
  if (backup.type === 's3' && backup.s3) {
    const { bucket, region, endpoint, keyPrefix, useEnvCredentials } = backup.s3;
    const s3 = compact({
      bucket,
      region,
      endpoint: endpoint || undefined,
      key_prefix: keyPrefix || undefined,
      use_env_credentials: useEnvCredentials || undefined,
    });
    return { s3, ...encrypted };
  }
  return { filesystem: { path: backup.filesystem?.path || DEFAULT_BACKUP_PATH }, ...encrypted };
};

/** The record of one database. It lists all cells of the cluster. */
export const databaseRecord = (
  resolved: ResolvedCluster,
  database: ResolvedDatabase,
): DatabaseRecord & { name: string } => {
  const policy = policyOrDefault(database.durabilityPolicy);
  return {
    name: database.name,
    backup_location: location(database.backup),
    cells: resolved.cells.map(({ name }) => name),
    bootstrap_durability_policy: {
      policy_name: policy.name,
      quorum_type: QUORUM_TYPES[policy.quorumType],
      required_count: policy.count,
    },
  };
};

export interface TopologyState {
  /** Everything that the spec asks for is in the topology. */
  registered: boolean;
  /** Keys created or changed in this pass. */
  written: string[];
  /** What is being waited for, or what went wrong. */
  message?: string;
  /** The topology server could not be reached; anything else is a fault. */
  unavailable?: boolean;
  pruned?: PruneResult;
}

interface TopologyRequest {
  resolved: ResolvedCluster;
  client: EtcdClient;
  /** Cells whose own etcd does not run yet: they are registered once it does. */
  notReady: readonly string[];
  /** Cells that are no longer in the spec but whose objects still exist. */
  leaving: readonly string[];
}

const writeAll = async (request: TopologyRequest, written: string[]): Promise<void> => {
  const { resolved, client, notReady } = request;
  const root = resolved.topoRef.rootPath;
  const ready = resolved.cells.filter(({ name }) => !notReady.includes(name));
  await Promise.all(
    ready.map(async (cell) => {
      const result = await writeCell(client, root, cellRecord(resolved, cell));
      if (result !== 'unchanged') written.push(`cell ${cell.name}`);
    }),
  );
  // A database names its cells: it comes when all of them are there.
  if (notReady.length > 0) return;
  for (const database of resolved.databases) {
    const result = await writeDatabase(client, root, databaseRecord(resolved, database));
    if (result !== 'unchanged') written.push(`database ${database.name}`);
  }
};

/** Writes what differs, then removes what is not wanted. Never throws. */
export const registerTopology = async (request: TopologyRequest): Promise<TopologyState> => {
  const { resolved, client, notReady, leaving } = request;
  const root = resolved.topoRef.rootPath;
  const written: string[] = [];
  try {
    await writeAll(request, written);
    if (notReady.length > 0) {
      const message = `waiting for the etcd of cells ${notReady.join(', ')}`;
      return { registered: false, written, message, unavailable: true };
    }
    if (!resolved.topologyPruning) return { registered: true, written };
    const pruned = await pruneRecords(client, root, {
      databases: resolved.databases.map(({ name }) => name),
      cells: [...resolved.cells.map(({ name }) => name), ...leaving],
    });
    return { registered: true, written, pruned };
  } catch (error) {
    const unavailable = error instanceof EtcdError && error.unavailable;
    return { registered: false, written, message: textOf(error), unavailable };
  }
};
