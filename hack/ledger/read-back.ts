/** Reads the ledger's rows back from the Postgres of each pool pod. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kubectl } from '../lib/tools.ts';
import { LEDGER_TABLE } from './records.ts';
import type { Range } from './ranges.ts';

/** Where pgctld's Postgres listens inside its container. */
const SOCKETS = '/var/lib/pooler/pg_sockets';
/** An exec through a node that hangs never ends by itself. */
const LIMIT_MS = 60_000;
const PASSWORD = '/etc/postgres-password/password';

/** SQL at the Postgres of one pool pod, past every pooler and gateway. Throws with psql's words. */
export async function podSql(
  kubectl: Kubectl,
  namespace: string,
  pod: string,
  statement: string,
): Promise<string> {
  const script = `PGPASSWORD=$(cat ${PASSWORD}) PGCONNECT_TIMEOUT=20 exec psql -X -q -A -t -v ON_ERROR_STOP=1 -h ${SOCKETS} -U postgres -d postgres -c "$1"`;
  const exec = ['-n', namespace, 'exec', pod, '-c', 'postgres', '--'];
  return await kubectl.run([...exec, 'sh', '-c', script, 'sh', statement], undefined, LIMIT_MS);
}

/** The rows of a run that a pod has, as ranges of each client. */
export async function rowsOf(
  kubectl: Kubectl,
  namespace: string,
  pod: string,
  run: string,
): Promise<Map<number, Range[]>> {
  const text = await podSql(
    kubectl,
    namespace,
    pod,
    `SELECT client, min(seq), max(seq) FROM (
       SELECT client, seq, seq - row_number() OVER (PARTITION BY client ORDER BY seq) AS island
       FROM ${LEDGER_TABLE} WHERE run = '${run}') AS rows
     GROUP BY client, island ORDER BY client, min(seq)`,
  );
  const found = new Map<number, Range[]>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [client = 0, first = 0, last = 0] = line.split('|').map(Number);
    const ranges = found.get(client) ?? [];
    ranges.push([first, last]);
    found.set(client, ranges);
  }
  return found;
}

/** Whether a pod's Postgres is a primary, and how far it has come (a position in the WAL). */
export async function positionOf(
  kubectl: Kubectl,
  namespace: string,
  pod: string,
): Promise<{ primary: boolean; lsn: string }> {
  const text = await podSql(
    kubectl,
    namespace,
    pod,
    `SELECT NOT pg_is_in_recovery(), CASE WHEN pg_is_in_recovery()
       THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END`,
  );
  const [primary, lsn = ''] = text.split('|');
  return { primary: primary === 't', lsn };
}

/** 64-bit position of an LSN such as 0/3000148. */
export function lsnOf(text: string): bigint {
  const [high = '0', low = '0'] = text.split('/');
  return (BigInt(`0x${high || '0'}`) << 32n) + BigInt(`0x${low || '0'}`);
}

/** Waits until a standby has replayed up to `lsn`. Throws after the deadline. */
export async function untilReplayed(
  kubectl: Kubectl,
  where: { namespace: string; pod: string },
  lsn: string,
  timeoutMs: number,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (let last = 'no answer'; ;) {
    try {
      const at = await positionOf(kubectl, where.namespace, where.pod);
      if (at.primary || lsnOf(at.lsn) >= lsnOf(lsn)) return;
      last = at.lsn;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    if (Date.now() > deadline) {
      throw new Error(
        `pod ${where.namespace}/${where.pod} has not replayed ${lsn} in ${timeoutMs / 1000} s: it is at ${last}`,
      );
    }
    await sleep(500);
  }
}
