/** The answer to Status: what the pooler knows, and what postgres says at this moment. */
import { timeMessage } from '../../controller/proto/time.ts';
import { idOfApplicationName } from '../ids.ts';
import type { Context } from './context.ts';
import type { ConsensusStatus, RulePosition } from './messages.ts';
import { syncMessage } from './sync.ts';

interface PrimaryRow extends Record<string, unknown> {
  lsn: string;
  followers: string[];
  names: string;
  commit: string;
  senders: number;
}
interface StandbyRow extends Record<string, unknown> {
  replay: string | null;
  receive: string | null;
  pause: string;
  replayed_at: string | null;
  conninfo: string;
  wal_status: string | null;
  msg_ms: number | null;
  interval_s: number;
  lag_ms: number | null;
}

const PRIMARY = `SELECT pg_current_wal_lsn()::text AS lsn,
  ARRAY(SELECT application_name::text FROM pg_stat_replication WHERE state = 'streaming' ORDER BY 1) AS followers,
  current_setting('synchronous_standby_names') AS names, current_setting('synchronous_commit') AS commit,
  current_setting('max_wal_senders')::int AS senders`;

const STANDBY = `SELECT pg_last_wal_replay_lsn()::text AS replay, pg_last_wal_receive_lsn()::text AS receive,
  pg_get_wal_replay_pause_state() AS pause, pg_last_xact_replay_timestamp()::text AS replayed_at,
  current_setting('primary_conninfo') AS conninfo, w.status AS wal_status,
  extract(epoch FROM w.last_msg_receipt_time)::float8 * 1000 AS msg_ms,
  extract(epoch FROM current_setting('wal_receiver_status_interval')::interval)::int AS interval_s,
  CASE WHEN pg_last_wal_replay_lsn() = pg_last_wal_receive_lsn() THEN 0
    ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp())::float8 * 1000 END AS lag_ms
  FROM (SELECT 1) AS one LEFT JOIN pg_stat_wal_receiver w ON true`;

const WORDS: Readonly<Record<string, string>> = {
  host: 'host',
  port: 'port',
  user: 'user',
  application_name: 'application_name',
  dbname: 'dbname',
  passfile: 'passfile',
};

/** primary_conninfo as a message; undefined when it is empty. */
export function connInfoMessage(raw: string): Record<string, unknown> | undefined {
  if (!raw) return undefined;
  const found: Record<string, unknown> = { raw };
  for (const [, key, quoted, bare] of raw.matchAll(/(\w+)=(?:'([^']*)'|(\S+))/g)) {
    const name = WORDS[key ?? ''];
    const value = quoted ?? bare ?? '';
    if (name) found[name] = name === 'port' ? Number(value) : value;
  }
  return found;
}

/** The consensus part; absent until the database's rule was read once. */
export function consensusStatus(
  ctx: Pick<Context, 'state'>,
  position?: RulePosition,
  lsn?: string,
): ConsensusStatus {
  const { state } = ctx;
  const current = position ?? state.position ?? {};
  return {
    term_revocation: state.revocation ?? {},
    current_position: { position: current, lsn: lsn ?? state.lsn },
    replication_primary: {
      position: current,
      ...(state.primary ? { primary: state.primary } : {}),
      rewind_ready: state.rewindReady,
    },
    id: state.id,
  };
}

async function primaryPart(ctx: Context): Promise<Record<string, unknown>> {
  const row = await ctx.ask.one<PrimaryRow>(PRIMARY);
  const followers = row.followers.flatMap((name) => idOfApplicationName(name) ?? []);
  return {
    wal_position: row.lsn,
    postgres_status: ctx.state.promoting ? 'POSTGRES_STATUS_PROMOTING' : 'POSTGRES_STATUS_PRIMARY',
    primary_status: {
      lsn: row.lsn,
      ready: true,
      connected_followers: followers,
      sync_replication_config: syncMessage(row.names, row.commit),
      max_wal_senders: row.senders,
    },
  };
}

async function standbyPart(ctx: Context): Promise<Record<string, unknown>> {
  const row = await ctx.ask.one<StandbyRow>(STANDBY);
  const conn = connInfoMessage(row.conninfo);
  const streaming = row.wal_status === 'streaming';
  return {
    wal_position: row.receive ?? row.replay ?? '',
    postgres_status: ctx.state.promoting
      ? 'POSTGRES_STATUS_PROMOTING'
      : ctx.state.action?.kind === 'STARTING'
        ? 'POSTGRES_STATUS_STARTING'
        : 'POSTGRES_STATUS_STANDBY',
    replication_status: {
      last_replay_lsn: row.replay ?? '',
      last_receive_lsn: row.receive ?? '',
      is_wal_replay_paused: row.pause !== 'not paused',
      wal_replay_pause_state: row.pause,
      ...(row.lag_ms ? { lag: timeMessage(row.lag_ms) } : {}),
      last_xact_replay_timestamp: row.replayed_at ?? '',
      ...(conn ? { primary_conn_info: conn } : {}),
      wal_receiver_status: streaming ? 'streaming' : '',
      ...(row.msg_ms === null ? {} : { last_msg_receive_time: timeMessage(row.msg_ms) }),
      wal_receiver_status_interval: { seconds: String(row.interval_s) },
      ...(streaming && row.msg_ms !== null
        ? { last_receive_lsn_advance_time: timeMessage(row.msg_ms) }
        : {}),
    },
  };
}

/** Whole StatusResponse. With a frozen postgres it does not return: the caller's deadline ends the call. */
export async function buildStatus(ctx: Context): Promise<object> {
  const { state } = ctx;
  let live: Record<string, unknown> = {};
  if (state.running) {
    try {
      const { recovery } = await ctx.ask.one<{ recovery: boolean }>(
        'SELECT pg_is_in_recovery() AS recovery',
      );
      live = recovery ? await standbyPart(ctx) : await primaryPart(ctx);
      live['postgres_running'] = true;
    } catch (error) {
      // Starting, stopping or gone in this moment: a partial answer, as the runtime gives.
      ctx.log.debug('status without postgres', { error });
    }
  }
  if (state.action?.kind === 'STARTING') live['postgres_status'] ??= 'POSTGRES_STATUS_STARTING';
  const signal = `COHORT_ELIGIBILITY_SIGNAL_${state.eligible && !state.manualStop ? '' : 'IN'}ELIGIBLE`;
  return {
    status: {
      pooler_type: state.role,
      is_initialized: state.initialized,
      has_data_directory: state.hasDataDir,
      shard_id: state.shardKey.shard,
      postgres_ready: state.ready && live['postgres_running'] === true,
      ...(state.action
        ? {
            postgres_action: `POSTGRES_ACTION_${state.action.kind}`,
            postgres_action_duration: timeMessage(Date.now() - state.action.since),
          }
        : {}),
      ...live,
    },
    availability_status: {
      ...(state.resigning
        ? {
            leadership_status: {
              leader_term: state.rule?.rule_number?.coordinator_term ?? '0',
              signal: 'LEADERSHIP_SIGNAL_REQUESTING_DEMOTION',
            },
          }
        : {}),
      cohort_eligibility_status: { signal },
      suspected_divergence: state.diverged,
    },
    ...(state.position
      ? {
          consensus_status: consensusStatus(
            ctx,
            undefined,
            (live['wal_position'] as string) || state.lsn,
          ),
        }
      : {}),
  };
}
