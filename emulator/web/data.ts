/** What the page shows, read from multiadmin's REST. */

export interface PoolerRow {
  cell: string;
  name: string;
  shard: string;
  host: string;
  lifecycle: string;
  serving: string;
  role: 'PRIMARY' | 'REPLICA' | '';
  /** `term.subterm` of the rule under which it leads. */
  rule: string;
  /** From its Status; absent when it did not answer. */
  live?: {
    postgres: string;
    lsn: string;
    /** Streaming or not; for a primary the number of its followers. */
    replication: string;
    /** Bytes behind the primary's position; absent on the primary itself. */
    behindBytes?: number;
    cohort: string[];
  };
  /** Why there is no live part. */
  trouble?: string;
}
export interface PageData {
  cells: { name: string; addresses: string; root: string }[];
  databases: { name: string; policy: string; backup: string }[];
  poolers: PoolerRow[];
  gateways: { cell: string; name: string; host: string; ports: string }[];
  orchs: { cell: string; name: string; host: string }[];
  backups: { id: string; type: string; status: string; size: string; by: string }[];
  /** Where a client connects. */
  endpoint: string;
  readAt: string;
  errors: string[];
}

/** Reads a path below the API's base; throws when there is no good answer. */
export type Get = (path: string) => Promise<Record<string, unknown>>;

interface ApiId {
  cell?: string;
  name?: string;
}
interface ApiPooler {
  id?: ApiId;
  shardKey?: { database?: string; tableGroup?: string; shard?: string };
  hostname?: string;
  servingStatus?: string;
  lifecycleStatus?: { status?: string; reason?: string };
  routingState?: { role?: string; rule?: { coordinatorTerm?: string; leaderSubterm?: string } };
}
interface ApiStatus {
  status?: {
    postgresStatus?: string;
    walPosition?: string;
    primaryStatus?: { connectedFollowers?: ApiId[] };
    replicationStatus?: { walReceiverStatus?: string };
  };
  consensusStatus?: { currentPosition?: { position?: { decision?: { cohortMembers?: ApiId[] } } } };
}
interface ApiBackup {
  backupId?: string;
  type?: string;
  status?: string;
  backupSizeBytes?: string;
  multipoolerServiceId?: string;
}

/** Bytes of a write-ahead log position such as `0/503C3B8`. */
export function lsnBytes(text: string | undefined): number | undefined {
  const parts = /^([0-9A-F]+)\/([0-9A-F]+)$/i.exec(text ?? '');
  return parts === null
    ? undefined
    : parseInt(parts[1] ?? '0', 16) * 2 ** 32 + parseInt(parts[2] ?? '0', 16);
}

const words = (text: string | undefined, prefix: string): string =>
  (text ?? '').replace(prefix, '');

function row(p: ApiPooler): PoolerRow {
  const key = p.shardKey ?? {};
  const rule = p.routingState?.rule;
  return {
    cell: p.id?.cell ?? '',
    name: p.id?.name ?? '',
    shard: `${key.database}/${key.tableGroup}/${key.shard}`,
    host: p.hostname ?? '',
    lifecycle: words(p.lifecycleStatus?.status, 'LIFECYCLE_'),
    serving: p.servingStatus ?? 'SERVING',
    role: words(p.routingState?.role, 'ROUTING_ROLE_') as PoolerRow['role'],
    rule: rule === undefined ? '' : `${rule.coordinatorTerm ?? 0}.${rule.leaderSubterm ?? 0}`,
  };
}

async function withStatus(get: Get, pooler: PoolerRow): Promise<PoolerRow> {
  if (pooler.lifecycle === 'SHUTDOWN') return { ...pooler, trouble: 'shut down' };
  try {
    const answer = (await get(`poolers/${pooler.cell}/${pooler.name}/status`)) as ApiStatus;
    const status = answer.status ?? {};
    const followers = status.primaryStatus?.connectedFollowers;
    const cohort = answer.consensusStatus?.currentPosition?.position?.decision?.cohortMembers ?? [];
    return {
      ...pooler,
      live: {
        postgres: words(status.postgresStatus, 'POSTGRES_STATUS_') || 'not running',
        lsn: status.walPosition ?? '',
        replication:
          status.primaryStatus === undefined
            ? (status.replicationStatus?.walReceiverStatus ?? 'not streaming')
            : `${followers?.length ?? 0} followers`,
        cohort: cohort.map((id) => id.name ?? ''),
      },
    };
  } catch (error) {
    return { ...pooler, trouble: error instanceof Error ? error.message : String(error) };
  }
}

/** How far each standby is behind the primary of the highest rule of its shard. */
function withLag(poolers: PoolerRow[]): PoolerRow[] {
  return poolers.map((pooler) => {
    if (pooler.live === undefined || pooler.live.postgres === 'PRIMARY') return pooler;
    const primaries = poolers.filter(
      (p) => p.shard === pooler.shard && p.live?.postgres === 'PRIMARY',
    );
    const head = Math.max(...primaries.map((p) => lsnBytes(p.live?.lsn) ?? 0));
    const own = lsnBytes(pooler.live.lsn);
    if (primaries.length === 0 || own === undefined) return pooler;
    return { ...pooler, live: { ...pooler.live, behindBytes: Math.max(0, head - own) } };
  });
}

const ports = (map: Record<string, number> | undefined): string =>
  Object.entries(map ?? {})
    .filter(([name]) => name.startsWith('postgres'))
    .map(([name, port]) => `${name === 'postgres' ? 'read-write' : 'read-only'} ${port}`)
    .join(', ');

/** What is shown until the first reading has ended. */
export const emptyPage = (endpoint: string, readAt: string): PageData => ({
  cells: [],
  databases: [],
  poolers: [],
  gateways: [],
  orchs: [],
  backups: [],
  endpoint,
  readAt,
  errors: ['multiadmin has not answered yet'],
});

/** Everything at once; what cannot be read is left empty and named in `errors`. */
export async function gather(get: Get, endpoint: string, readAt: string): Promise<PageData> {
  const errors: string[] = [];
  const read = async <T>(path: string, field: string): Promise<T[]> => {
    try {
      return ((await get(path))[field] ?? []) as T[];
    } catch (error) {
      errors.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    }
  };
  const [cellNames, databaseNames, poolers, gateways, orchs] = await Promise.all([
    read<string>('cells', 'names'),
    read<string>('databases', 'names'),
    read<ApiPooler>('poolers', 'poolers'),
    read<{ id?: ApiId; hostname?: string; portMap?: Record<string, number> }>(
      'gateways',
      'gateways',
    ),
    read<{ id?: ApiId; hostname?: string }>('orchs', 'orchs'),
  ]);
  const one = async (path: string, field: string): Promise<Record<string, unknown>> =>
    ((await get(path).catch(() => ({}) as Record<string, unknown>))[field] ?? {}) as Record<
      string,
      unknown
    >;
  const cells = await Promise.all(
    cellNames.map(async (name) => ({ name, cell: await one(`cells/${name}`, 'cell') })),
  );
  const databases = await Promise.all(
    databaseNames.map(async (name) => ({ name, db: await one(`databases/${name}`, 'database') })),
  );
  const rows = withLag(await Promise.all(poolers.map((p) => withStatus(get, row(p)))));
  const key = poolers[0]?.shardKey;
  const query = new URLSearchParams({
    database: key?.database ?? '',
    table_group: key?.tableGroup ?? '',
    shard: key?.shard ?? '',
  });
  const backups =
    key === undefined ? [] : await read<ApiBackup>(`backups?${query.toString()}`, 'backups');
  const at = (id: ApiId | undefined) => ({ cell: id?.cell ?? '', name: id?.name ?? '' });
  return {
    cells: cells.map(({ name, cell }) => ({
      name,
      addresses: ((cell['serverAddresses'] ?? []) as string[]).join(', '),
      root: (cell['root'] ?? '') as string,
    })),
    databases: databases.map(({ name, db }) => ({
      name,
      policy: String(
        (db['bootstrapDurabilityPolicy'] as { policyName?: string } | undefined)?.policyName ?? '–',
      ),
      backup: backupPlace(db['backupLocation'] as BackupPlace | undefined),
    })),
    poolers: rows,
    gateways: gateways.map((g) => ({
      ...at(g.id),
      host: g.hostname ?? '',
      ports: ports(g.portMap),
    })),
    orchs: orchs.map((o) => ({ ...at(o.id), host: o.hostname ?? '' })),
    backups: backups.map((b) => ({
      id: b.backupId ?? '',
      type: b.type ?? '',
      status: words(b.status, 'BACKUP_STATUS_'),
      size: b.backupSizeBytes ?? '',
      by: b.multipoolerServiceId ?? '',
    })),
    endpoint,
    readAt,
    errors,
  };
}

interface BackupPlace {
  filesystem?: { path?: string };
  s3?: { bucket?: string; region?: string };
}
const backupPlace = (place: BackupPlace | undefined): string =>
  place?.s3 === undefined
    ? (place?.filesystem?.path ?? '–')
    : `s3://${place.s3.bucket ?? ''} (${place.s3.region ?? ''})`;
