// The plain data on which multiorch's decisions are made: what it knows of one
// shard at one moment. Filled by watch.ts, read by analyse.ts and elect.ts.

/** Identity of a component: the cell and the `--service-id`. */
export interface ComponentId {
  cell: string;
  name: string;
}

/** Number of a rule: ordered by term, then by subterm. */
export interface RuleNumber {
  term: number;
  subterm: number;
}

/** A shard rule that a pooler reports as decided. */
export interface Rule extends RuleNumber {
  /** The message as it came, to be handed on unchanged. */
  raw?: object;
  leader?: ComponentId;
  cohort: ComponentId[];
  /** Name of the durability policy, e.g. AT_LEAST_2. */
  policy: string;
  /** Milliseconds since the epoch; 0 if the rule has no time. */
  createdMs: number;
}

export type PostgresState = 'UNKNOWN' | 'STARTING' | 'STANDBY' | 'PROMOTING' | 'PRIMARY';

/** What a pooler said of itself in its last answer. */
export interface Health {
  initialized: boolean;
  running: boolean;
  ready: boolean;
  postgres: PostgresState;
  /** PRIMARY or REPLICA, as the pooler calls itself. */
  poolerType: string;
  eligible: boolean;
  resigning: boolean;
  diverged: boolean;
  streaming: boolean;
  /** Host of primary_conn_info; empty if none is set. */
  upstream: string;
  /** Write-ahead log position in bytes. */
  lsn: bigint;
  rule?: Rule;
  /** Rule on which the pooler's replication target rests. */
  target?: { rule: RuleNumber; leader?: ComponentId };
  /** Every term below this one is revoked at this pooler; 0 if it was never recruited. */
  revokedBelow: number;
  revokedBy: string;
  revokedAtMs: number;
}

/** One pooler of the shard, as this multiorch sees it. */
export interface PoolerView {
  id: ComponentId;
  hostname: string;
  grpcPort: number;
  postgresPort: number;
  lifecycle: 'UNKNOWN' | 'STARTING' | 'ACTIVE' | 'STOPPING' | 'SHUTDOWN' | 'QUARANTINED';
  connected: boolean;
  /** Time of the last good answer, milliseconds since the epoch; 0 = never. */
  lastSeenMs: number;
  /** Time at which this multiorch found the pooler's record. */
  foundMs: number;
  health?: Health;
}

export interface ShardKey {
  database: string;
  tableGroup: string;
  shard: string;
}

export interface ShardView {
  key: ShardKey;
  poolers: PoolerView[];
  /** Bootstrap policy of the Database record; undefined while it cannot be read. */
  bootstrapPolicy?: string;
}

/** A problem as GetShardStatus lists it. */
export interface Problem {
  code: string;
  checkName: string;
  pooler?: ComponentId;
  description: string;
  priority: 10000 | 1000 | 500 | 100;
  scope: 'Shard' | 'Pooler';
}

/** The component's name in maps: unique among one component type of a cluster. */
export const idKey = (id: ComponentId): string => `${id.cell}/${id.name}`;

export const sameId = (a: ComponentId | undefined, b: ComponentId | undefined): boolean =>
  a !== undefined && b !== undefined && a.cell === b.cell && a.name === b.name;

/** Negative if a is older than b. */
export const compareRules = (a: RuleNumber, b: RuleNumber): number =>
  a.term - b.term || a.subterm - b.subterm;

/** The shard's key in the text form that problem descriptions carry. */
export const describeShard = (key: ShardKey): string =>
  `database:"${key.database}" table_group:"${key.tableGroup}" shard:"${key.shard}"`;

/** The highest rule with a cohort that any pooler reported, of dead poolers too. */
export function currentRule(view: ShardView): Rule | undefined {
  let best: Rule | undefined;
  for (const pooler of view.poolers) {
    const rule = pooler.health?.rule;
    if (rule === undefined || rule.cohort.length === 0) continue;
    if (best === undefined || compareRules(rule, best) > 0) best = rule;
  }
  return best;
}

export const findPooler = (view: ShardView, id: ComponentId | undefined): PoolerView | undefined =>
  view.poolers.find((p) => sameId(p.id, id));
