import type { KubeObject } from '../../../schemas/k8s.ts';
import { COMPONENTS } from '../../../schemas/labels.ts';
import { names } from '../../../schemas/names.ts';
import { childMeta } from '../../builders/meta.ts';
import { FILES } from './paths.ts';
import { shardLabels, type ShardScope } from './scope.ts';

/** Passwords everywhere, also on the socket; no row trusts a place or a system user. */
const HBA = [
  'local all all scram-sha-256',
  'local replication all scram-sha-256',
  'host replication all 0.0.0.0/0 scram-sha-256',
  'host replication all ::/0 scram-sha-256',
  'host all all 0.0.0.0/0 scram-sha-256',
  'host all all ::/0 scram-sha-256',
  '',
].join('\n');

/** `master` here means the first database that the exporter connects to, not the leader. */
const family = (name: string, query: string, metrics: readonly string[]): string =>
  [
    `${name}:`,
    `  query: "${query}"`,
    '  master: true',
    '  cache_seconds: 60',
    '  metrics:',
    ...metrics.map((metric) => `    - ${metric}`),
  ].join('\n');

const metric = (name: string, usage: 'LABEL' | 'GAUGE', description: string): string =>
  `${name}: { usage: ${usage}, description: "${description}" }`;

/** queries.yml of the exporter: what its own collectors do not have. */
const EXPORTER_QUERIES = `${[
  family(
    'pg_database',
    'select datname, pg_database_size(datname) / 1048576.0 as size_mb from pg_database where not datistemplate',
    [
      metric('datname', 'LABEL', 'Name of the database'),
      metric('size_mb', 'GAUGE', 'Size on disk in MB'),
    ],
  ),
  family('pg_wal', 'select coalesce(sum(size), 0) / 1048576.0 as size_mb from pg_ls_waldir()', [
    metric('size_mb', 'GAUGE', 'Size of the files in pg_wal in MB'),
  ]),
  family(
    'pg_stat_database',
    'select datname, numbackends as num_backends from pg_stat_database where datname is not null',
    [
      metric('datname', 'LABEL', 'Name of the database'),
      metric('num_backends', 'GAUGE', 'Sessions connected to the database'),
    ],
  ),
  family(
    'physical_replication_lag',
    'select case when not pg_is_in_recovery() or pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() then 0 ' +
      'else extract(epoch from now() - pg_last_xact_replay_timestamp()) end as seconds, ' +
      'case when pg_is_in_recovery() and pg_is_wal_replay_paused() then 1 else 0 end as is_wal_replay_paused, ' +
      "(select count(*) from pg_stat_wal_receiver where status = 'streaming') as is_connected_to_primary",
    [
      metric('seconds', 'GAUGE', 'Age of the last replayed transaction, 0 when all is replayed'),
      metric('is_wal_replay_paused', 'GAUGE', '1 while replay is paused'),
      metric('is_connected_to_primary', 'GAUGE', '1 while WAL is streamed from the primary'),
    ],
  ),
  family(
    'connection_stats',
    "select coalesce(usename, '') as usename, count(*) as connections from pg_stat_activity " +
      "where backend_type = 'client backend' group by 1",
    [
      metric('usename', 'LABEL', 'Name of the role'),
      metric('connections', 'GAUGE', 'Connections of the role'),
    ],
  ),
  family(
    'max_connections',
    "select setting::int as connections from pg_settings where name = 'max_connections'",
    [metric('connections', 'GAUGE', 'Connections that Postgres allows')],
  ),
].join('\n')}\n`;

export const configMaps = (scope: ShardScope): KubeObject[] =>
  [
    { name: names.pgHba(scope.name), component: COMPONENTS.pgHba, data: { [FILES.hba]: HBA } },
    {
      name: names.postgresConfig(scope.name),
      component: COMPONENTS.postgresConfig,
      data: { [FILES.config]: scope.config.text },
    },
    {
      name: names.exporterQueries(scope.name),
      component: COMPONENTS.exporterQueries,
      data: { [FILES.queries]: EXPORTER_QUERIES },
    },
  ].map(({ name, component, data }) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: childMeta(scope.id, name, shardLabels(scope, component)),
    data,
  }));
