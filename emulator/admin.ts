/** multiadmin: the administration API over gRPC and REST. Without --service-map=grpc-multiadmin neither is served. */
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import {
  getCell,
  getDatabase,
  listCells,
  listDatabases,
  listGateways,
  listOrchs,
  listPoolers,
  poolerStatus,
  type AdminDeps,
  type PoolerFilter,
} from './admin/api.ts';
import { restRoute, type RestCall } from './admin/rest.ts';
import { BackupJobs, listBackups, switchPrimary, type ShardKey } from './admin/shard-calls.ts';
import { poolerTls, serveGrpc, serverTls, service, unary } from './grpc.ts';
import { startHttp } from './http.ts';
import type { Id } from './ids.ts';
import { createLog } from './log.ts';
import { untilSignal, type RunRole } from './role.ts';
import { openTopo } from './topo.ts';

/** Every call with its gRPC method, REST path and messages. */
export function adminCalls(deps: AdminDeps): (RestCall & { method: string })[] {
  const jobs = new BackupJobs(deps);
  const entry = <Q>(
    method: string,
    rest: string,
    messages: [request: string, response: string],
    handle: (request: Q) => Promise<object>,
  ): RestCall & { method: string } => {
    const [verb, path] = rest.split(' ') as ['GET' | 'POST', string];
    return {
      method,
      verb,
      path: `/api/v1${path}`,
      request: messages[0],
      response: messages[1],
      handle: handle as (q: never) => Promise<object>,
    };
  };
  return [
    entry('GetCellNames', 'GET /cells', ['Empty', 'NamesResponse'], () => listCells(deps)),
    entry<{ name?: string }>(
      'GetCell',
      'GET /cells/{name}',
      ['NameRequest', 'GetCellResponse'],
      (q) => getCell(deps, q.name ?? ''),
    ),
    entry('GetDatabaseNames', 'GET /databases', ['Empty', 'NamesResponse'], () =>
      listDatabases(deps),
    ),
    entry<{ name?: string }>(
      'GetDatabase',
      'GET /databases/{name}',
      ['NameRequest', 'GetDatabaseResponse'],
      (q) => getDatabase(deps, q.name ?? ''),
    ),
    entry<{ cells?: string[] }>(
      'GetGateways',
      'GET /gateways',
      ['CellsRequest', 'GetGatewaysResponse'],
      (q) => listGateways(deps, q.cells),
    ),
    entry<{ cells?: string[] }>(
      'GetOrchs',
      'GET /orchs',
      ['CellsRequest', 'GetOrchsResponse'],
      (q) => listOrchs(deps, q.cells),
    ),
    entry<PoolerFilter>(
      'GetPoolers',
      'GET /poolers',
      ['GetPoolersRequest', 'GetPoolersResponse'],
      (q) => listPoolers(deps, q),
    ),
    entry<{ pooler_id?: Id }>(
      'GetPoolerStatus',
      'GET /poolers/{pooler_id.cell}/{pooler_id.name}/status',
      ['GetPoolerStatusRequest', 'GetPoolerStatusResponse'],
      (q) => poolerStatus(deps, q.pooler_id ?? {}),
    ),
    entry<ShardKey>('Backup', 'POST /backups', ['AdminBackupRequest', 'AdminBackupResponse'], (q) =>
      jobs.start(q),
    ),
    entry<ShardKey>(
      'GetBackupJobStatus',
      'GET /jobs/{job_id}',
      ['GetBackupJobStatusRequest', 'GetBackupJobStatusResponse'],
      (q) => jobs.status(q),
    ),
    entry<ShardKey>(
      'GetBackups',
      'GET /backups',
      ['AdminGetBackupsRequest', 'AdminGetBackupsResponse'],
      (q) => listBackups(deps, q),
    ),
    entry<{ shard_key?: ShardKey }>(
      'SwitchPrimary',
      'POST /shards/{shard_key.database}/{shard_key.table_group}/{shard_key.shard}/switch-primary',
      ['SwitchPrimaryRequest', 'SwitchPrimaryResponse'],
      (q) => switchPrimary(deps, q.shard_key ?? {}),
    ),
  ];
}

export const runMultiadmin: RunRole = async (flags) => {
  const log = createLog(flags.text('log-level'), { service: 'multiadmin' });
  const topo = openTopo(flags);
  const calls = adminCalls({ topo, tls: poolerTls(flags), now: Date.now });
  const enabled = flags.text('service-map').split(',').includes('grpc-multiadmin');
  const implementation: UntypedServiceImplementation = Object.fromEntries(
    calls.map((call) => [call.method, unary((request: object) => call.handle(request as never))]),
  );
  const tls = serverTls(flags);
  const grpc = await serveGrpc({
    address: flags.text('grpc-bind-address'),
    port: flags.number('grpc-port'),
    services: enabled ? [service('MultiadminService', implementation)] : [],
    ...(tls === undefined ? {} : { tls }),
  });
  const address = flags.text('bind-address');
  const routes = enabled ? [restRoute(calls)] : [];
  await startHttp({
    role: 'multiadmin',
    address,
    port: flags.number('http-port'),
    config: flags.all,
    ready: () => true,
    routes,
  });
  log.info('multiadmin started', { api: enabled });
  await untilSignal();
  log.info('shutting down');
  grpc.stop();
  topo.close();
  return 0;
};
