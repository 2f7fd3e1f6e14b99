/** What a person would have applied: one Shard in some cells, its Secrets, its records in the topology. */
import type { KubeObject } from '../../../schemas/k8s.ts';
import { NODE_LABELS } from '../../../schemas/labels.ts';
import { childLabels } from '../../../controller/builders/meta.ts';
import { names } from '../../../schemas/names.ts';
import { COMPONENTS } from '../../../schemas/labels.ts';
import { POLICIES } from '../../../schemas/durability.ts';
import type { PolicyName } from '../../../schemas/durability.ts';
import type { PvcPolicy, Shard, ShardSpec } from '../../../schemas/types.ts';
import { codecs } from '../../../controller/topo/codec.ts';
import { topoKeys } from '../../../controller/topo/keys.ts';
import type { Etcd } from './runtime/etcd.ts';

export const CLUSTER = 'demo';
export const NAMESPACE = 'demo';
export const ROOT = '/multigres/global';
export const SHARD_KEY = { database: 'postgres', table_group: 'default', shard: '0-inf' };
export const PASSWORD = 'password';
const BACKUP_TLS = 'backup-tls';
const TOPO_ADDRESS = 'topo:2379';

export const shardName = (): string =>
  names.shard(CLUSTER, SHARD_KEY.database, SHARD_KEY.table_group, SHARD_KEY.shard);

export interface Shape {
  cells: string[];
  replicasPerCell: number;
  policy?: PolicyName;
  pvcDeletionPolicy?: PvcPolicy;
  /** Anything else of the specification. */
  spec?: Partial<ShardSpec>;
}

/** Name of the pod of this index in a cell. */
export const podName = (cell: string, index = 0): string =>
  names.poolPod(
    CLUSTER,
    SHARD_KEY.database,
    SHARD_KEY.table_group,
    SHARD_KEY.shard,
    'main',
    cell,
    index,
  );

export function shardObject({ cells, replicasPerCell, policy, ...shape }: Shape): Shard {
  const id = { cluster: CLUSTER, namespace: NAMESPACE, projectRef: CLUSTER };
  return {
    apiVersion: 'multigres.com/v1alpha1',
    kind: 'Shard',
    metadata: {
      name: shardName(),
      namespace: NAMESPACE,
      labels: childLabels(id, COMPONENTS.shard),
    },
    spec: {
      databaseName: SHARD_KEY.database,
      tableGroupName: SHARD_KEY.table_group,
      shardName: SHARD_KEY.shard,
      images: { multiorch: 'multigres:1', multipooler: 'multigres:1', postgres: 'pgctld:1' },
      globalTopoServer: { address: TOPO_ADDRESS, rootPath: ROOT, implementation: 'etcd' },
      postgresPasswordSecretRef: { name: PASSWORD, key: 'password' },
      durabilityPolicy: policy ?? 'AT_LEAST_2',
      backup: {
        type: 'filesystem',
        filesystem: { path: '/backups', storage: { size: '10Gi', accessModes: ['ReadWriteMany'] } },
        pgbackrestTLS: { secretName: BACKUP_TLS },
      },
      multiorch: { cells },
      cellTopologyLabels: Object.fromEntries(
        cells.map((cell) => [cell, { [NODE_LABELS.zone]: cell }]),
      ),
      ...(shape.pvcDeletionPolicy ? { pvcDeletionPolicy: shape.pvcDeletionPolicy } : {}),
      pools: { main: { type: 'readWrite', cells, replicasPerCell, storage: { size: '1Gi' } } },
      ...shape.spec,
    },
  };
}

const secret = (name: string, keys: string[]): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: NAMESPACE },
  data: Object.fromEntries(keys.map((key) => [key, 'eA=='])),
});

export const passwordSecret = (): KubeObject => secret(PASSWORD, ['password']);
export const backupSecret = (): KubeObject => secret(BACKUP_TLS, ['ca.crt', 'tls.crt', 'tls.key']);

/** What the controller of the cluster writes: without it no pooler registers. */
export function registerTopology(etcd: Etcd, { cells, policy = 'AT_LEAST_2' }: Shape): void {
  for (const name of cells) {
    const record = { name, server_addresses: [TOPO_ADDRESS], root: ROOT };
    etcd.put(topoKeys.cell(ROOT, name), codecs.Cell.encode(record));
  }
  const { quorumType, count } = POLICIES[policy];
  const types = { 3: 'QUORUM_TYPE_AT_LEAST_N', 4: 'QUORUM_TYPE_MULTI_CELL_AT_LEAST_N' } as const;
  const database = codecs.Database.encode({
    name: SHARD_KEY.database,
    cells,
    backup_location: { filesystem: { path: '/backups' } },
    bootstrap_durability_policy: {
      policy_name: policy,
      quorum_type: types[quorumType],
      required_count: count,
    },
  });
  etcd.put(topoKeys.database(ROOT, SHARD_KEY.database), database);
}

/** Names of objects without what they all have in common: `zone-a-0` for a pod. */
export const shortened = (text: string): string =>
  text.replaceAll(
    /demo-postgres-default-0-inf(?:-pool-main)?(-[a-z0-9-]+?)?-[0-9a-f]{8}(-\d+)?/g,
    (_, middle = '-shard', index = '') => `${String(middle).slice(1)}${String(index)}`,
  );
