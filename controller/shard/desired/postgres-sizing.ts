import { nonEmpty } from '../../../schemas/compact.ts';
import type { Quantity, ResourceRequirements } from '../../../schemas/k8s.ts';
import { milliUnits, wholeUnits } from '../../../schemas/quantity.ts';
import type { Pool } from '../../../schemas/types.ts';
import { POSTGRES_RESOURCES } from '../../builders/resources.ts';

/** What the pods of a shard have; undefined where no pool says. */
interface Sizes {
  /** Bytes; the largest pool. */
  readonly memory?: number;
  /** Whole cores; the largest pool. */
  readonly cores?: number;
  /** Bytes; the smallest pool, for WAL must fit everywhere. */
  readonly disk?: number;
}

const KB = 1024;
const MB = 1024 * KB;
const GB = 1024 * MB;

const clamp = (value: number, low: number, high: number): number =>
  Math.min(Math.max(value, low), high);

/** Size in the largest unit that divides it evenly; below 1 kB as 1 kB. */
const size = (bytes: number): string => {
  const kb = Math.max(Math.floor(bytes / KB), 1);
  if (kb % (GB / KB) === 0) return `${kb / (GB / KB)}GB`;
  if (kb % (MB / KB) === 0) return `${kb / (MB / KB)}MB`;
  return `${kb}kB`;
};

/** Limit, else request, of one resource of a pool's Postgres. */
const given = (pool: Pool, resource: 'memory' | 'cpu'): Quantity | undefined =>
  pool.postgres?.resources?.limits?.[resource] ?? pool.postgres?.resources?.requests?.[resource];

/** Requests and limits of a pool's Postgres container. */
export const postgresResources = (pool: Pool): ResourceRequirements =>
  nonEmpty(pool.postgres?.resources) ?? POSTGRES_RESOURCES;

/**
 * Bytes of /dev/shm, where parallel queries share their hash tables and sorts; undefined where nothing says
 * how much memory Postgres has. The volume counts against the container's limit: beside it there must be
 * room for shared_buffers (a quarter, not in /dev/shm) and for what each process has for itself. With half,
 * a query too large gets an error, and with more the kernel would kill Postgres. Never below the 64 MB that a
 * container has anyway.
 */
export const sharedMemoryOf = (pool: Pool): number | undefined => {
  const { limits, requests } = postgresResources(pool);
  const memory = limits?.['memory'] ?? requests?.['memory'];
  const bytes = memory === undefined ? undefined : wholeUnits(memory);
  return bytes === undefined ? undefined : Math.max(Math.floor(bytes / 2 / MB), 64) * MB;
};

interface Wish {
  path: string;
  value: Quantity;
}

const wishes = (
  pools: Readonly<Record<string, Pool>>,
  pick: (pool: Pool) => Quantity | undefined,
  path: string,
): Wish[] =>
  Object.keys(pools)
    .toSorted()
    .flatMap((name) => {
      const value = pools[name] && pick(pools[name]);
      return value === undefined ? [] : [{ path: `pools.${name}.${path}`, value }];
    });

/** `cpu: 3500m` is three whole cores. */
const coresOf = (value: Quantity): number => Math.floor((milliUnits(value) ?? 0) / 1000);

/** Sizes of the pools, or a sentence that names the quantity that cannot be read. */
export const sizeOf = (pools: Readonly<Record<string, Pool>>): Sizes | string => {
  const memory = wishes(pools, (p) => given(p, 'memory'), 'postgres.resources.memory');
  const cpu = wishes(pools, (p) => given(p, 'cpu'), 'postgres.resources.cpu');
  const disk = wishes(pools, (p) => p.storage?.size, 'storage.size');
  const bad = [...memory, ...cpu, ...disk].find(({ value }) => wholeUnits(value) === undefined);
  if (bad !== undefined) {
    return `${bad.path}: ${JSON.stringify(bad.value)} is no quantity; write for example 512Mi or 2`;
  }
  const bytes = (list: Wish[]): number[] => list.map(({ value }) => wholeUnits(value) ?? 0);
  return {
    ...(memory.length > 0 && { memory: Math.max(...bytes(memory)) }),
    ...(cpu.length > 0 && { cores: Math.max(...cpu.map(({ value }) => coresOf(value))) }),
    ...(disk.length > 0 && { disk: Math.min(...bytes(disk)) }),
  };
};

const MAX_CONNECTIONS = 60;

const workers = (cores: number): Record<string, number> =>
  cores >= 4
    ? {
        max_worker_processes: cores,
        max_parallel_workers: cores,
        max_parallel_workers_per_gather: Math.floor(cores / 2),
        max_parallel_maintenance_workers: Math.min(Math.floor(cores / 2), 4),
      }
    : {
        max_worker_processes: 6,
        max_parallel_workers: 2,
        max_parallel_workers_per_gather: 1,
        max_parallel_maintenance_workers: 1,
      };

const memorySettings = (memory: number | undefined, perGather: number): Record<string, string> => {
  if (memory === undefined) {
    return {
      shared_buffers: '64MB',
      effective_cache_size: '192MB',
      maintenance_work_mem: '16MB',
      work_mem: '1092kB',
      wal_buffers: '1920kB',
    };
  }
  const shared = memory / 4;
  const work = (memory - shared) / (MAX_CONNECTIONS * 3) / Math.max(perGather, 1);
  return {
    shared_buffers: size(shared),
    effective_cache_size: size((memory * 3) / 4),
    maintenance_work_mem: size(Math.min(memory / 16, 2 * GB)),
    work_mem: size(Math.max(work, 64 * KB)),
    wal_buffers: size(clamp((shared * 3) / 100, 32 * KB, 16 * MB)),
  };
};

const walSettings = (disk: number | undefined): Record<string, string> => {
  if (disk === undefined) {
    return {
      max_wal_size: '1024MB',
      max_slot_wal_keep_size: '1024MB',
      min_wal_size: '80MB',
      wal_keep_size: '1000MB',
    };
  }
  const megabytes = Math.floor(disk / MB);
  const max = clamp(Math.floor(megabytes / 4), 64, 4096);
  const keep = clamp(Math.floor(megabytes / 8), 32, 1000);
  return {
    max_wal_size: size(max * MB),
    max_slot_wal_keep_size: size(max * MB),
    min_wal_size: size(clamp(Math.floor(max / 4), 32, 1024) * MB),
    wal_keep_size: size(keep * MB),
  };
};

/** Upstream's baseline, sized by the usual rules for a machine that runs nothing but Postgres. */
export const baseline = (sizes: Sizes): Record<string, string | number> => {
  const cpu = workers(sizes.cores ?? 0);
  return {
    max_connections: MAX_CONNECTIONS,
    ...memorySettings(sizes.memory, cpu['max_parallel_workers_per_gather'] ?? 1),
    ...cpu,
    ...walSettings(sizes.disk),
    max_wal_senders: 25,
    max_replication_slots: 25,
    effective_io_concurrency: 0,
    checkpoint_completion_target: 0.9,
    checkpoint_flush_after: '256kB',
    random_page_cost: 1.1,
    default_statistics_target: 100,
    authentication_timeout: '1min',
    password_encryption: 'scram-sha-256',
    ssl: 'off',
    wal_level: 'logical',
    // A standby that asked a new primary too early asks again soon, not after 5 s: writes wait for its answer.
    wal_retrieve_retry_interval: '1s',
    // pg_rewind needs it to bring an old primary back.
    wal_log_hints: 'on',
    log_line_prefix: "'%h %m [%p] %q%u@%d '",
    log_statement: "'ddl'",
    log_timezone: "'UTC'",
    timezone: "'UTC'",
    lc_messages: "'en_US.UTF-8'",
    lc_monetary: "'en_US.UTF-8'",
    lc_numeric: "'en_US.UTF-8'",
    lc_time: "'en_US.UTF-8'",
    jit_provider: "'llvmjit'",
    row_security: 'on',
    'auto_explain.log_min_duration': "'10s'",
    'cron.database_name': "'postgres'",
  };
};
