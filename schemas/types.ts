/** The API's TypeScript types: what the kinds say of their fields, with the docs of each there. */
import type { KubeObject } from './k8s.ts';
import type * as backup from './kinds/backup.ts';
import type * as cell from './kinds/cell.ts';
import type * as database from './kinds/database-config.ts';
import type { TypeOf } from './kinds/dsl.ts';
import type { multigresClusterSpec } from './kinds/multigrescluster.ts';
import type { multigresClusterStatus, resolvedSpec } from './kinds/multigrescluster-status.ts';
import type * as parts from './kinds/parts.ts';
import type * as scalars from './kinds/scalars.ts';
import type * as shard from './kinds/shard.ts';
import type * as template from './kinds/templates.ts';
import type * as topology from './kinds/topology.ts';
import type * as workload from './kinds/workloads.ts';

export type LogLevel = TypeOf<typeof scalars.logLevel>;
export type Phase = TypeOf<typeof scalars.phase>;
export type PullPolicy = TypeOf<typeof scalars.pullPolicy>;
export type PvcRetention = TypeOf<typeof scalars.pvcRetention>;

export interface ComponentImages extends TypeOf<typeof parts.componentImages> {}
export interface External extends TypeOf<typeof parts.external> {}
export interface ImagePull extends TypeOf<typeof parts.imagePull> {}
export interface InternalTls extends TypeOf<typeof parts.internalTls> {}
export interface LogLevels extends TypeOf<typeof parts.logLevels> {}
export interface Observability extends TypeOf<typeof parts.observability> {}
export interface PasswordRef extends TypeOf<typeof parts.passwordRef> {}
export interface PgConfRef extends TypeOf<typeof parts.pgConfRef> {}
export interface PvcPolicy extends TypeOf<typeof parts.pvcPolicy> {}
export interface Storage extends TypeOf<typeof parts.storage> {}

export interface ContainerSpec extends TypeOf<typeof workload.containerSpec> {}
export interface FailoverTimers extends TypeOf<typeof workload.failoverTimers> {}
export interface Gateway extends TypeOf<typeof workload.gateway> {}
export interface GatewayBuffer extends TypeOf<typeof workload.gatewayBuffer> {}
export interface Multiorch extends TypeOf<typeof workload.multiorch> {}
export interface Placement extends TypeOf<typeof workload.placement> {}
export interface Stateless extends TypeOf<typeof workload.stateless> {}

export interface Backup extends TypeOf<typeof backup.backup> {}
export interface FilesystemBackup extends TypeOf<typeof backup.filesystemBackup> {}
export interface S3Backup extends TypeOf<typeof backup.s3Backup> {}

export interface Etcd extends TypeOf<typeof topology.etcd> {}
export interface ExternalTopo extends TypeOf<typeof topology.externalTopo> {}
export interface GlobalTopo extends TypeOf<typeof topology.globalTopo> {}
export interface LocalTopo extends TypeOf<typeof topology.localTopo> {}
export interface TopoRef extends TypeOf<typeof topology.topoRef> {}
export interface TopoServerSpec extends TypeOf<typeof topology.topoServer.spec> {}
export interface TopoServerStatus extends TypeOf<typeof topology.topoServer.status> {}

export interface CellConfig extends TypeOf<typeof cell.cellConfig> {}
export interface DatabaseConfig extends TypeOf<typeof database.databaseConfig> {}
export interface TableGroupConfig extends TypeOf<typeof database.tableGroupConfig> {}
export interface ShardConfig extends TypeOf<typeof database.shardConfig> {}
export interface ShardInlineSpec extends TypeOf<typeof database.shardInlineSpec> {}
export interface ShardOverrides extends TypeOf<typeof database.shardOverrides> {}

export interface MultigresClusterSpec extends TypeOf<typeof multigresClusterSpec> {}
export interface MultigresClusterStatus extends TypeOf<typeof multigresClusterStatus> {}
export interface ResolvedStatus extends TypeOf<typeof resolvedSpec> {}
export interface ShardTemplateSpec extends TypeOf<typeof template.shardTemplate.spec> {}

export interface CellSpec extends TypeOf<typeof cell.cell.spec> {}
export interface CellStatus extends TypeOf<typeof cell.cell.status> {}
export interface TableGroupShard extends TypeOf<typeof shard.tableGroupShard> {}
export interface TableGroupStatus extends TypeOf<typeof shard.tableGroup.status> {}
export interface ShardSpec extends TypeOf<typeof shard.shard.spec> {}
export interface ShardStatus extends TypeOf<typeof shard.shard.status> {}
export type Pool = ShardSpec['pools'][string];

export type MultigresCluster = KubeObject<MultigresClusterSpec, MultigresClusterStatus>;
export type CoreTemplate = KubeObject<TypeOf<typeof template.coreTemplate.spec>>;
export type CellTemplate = KubeObject<TypeOf<typeof template.cellTemplate.spec>>;
export type ShardTemplate = KubeObject<ShardTemplateSpec>;
export type Cell = KubeObject<CellSpec, CellStatus>;
export type TableGroup = KubeObject<TypeOf<typeof shard.tableGroup.spec>, TableGroupStatus>;
export type Shard = KubeObject<ShardSpec, ShardStatus>;
export type TopoServer = KubeObject<TopoServerSpec, TopoServerStatus>;
