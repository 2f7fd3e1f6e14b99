/**
 * The shard's rule where the runtime keeps it: in the database, schema `multigres`. It is as durable as any row,
 * reaches the standbys by replication and the next cluster member by backup.
 */
import type { RuleNumber } from '../../controller/topo/types.ts';
import { ruleParts, type RulePosition, type ShardRule } from './messages.ts';
import type { Sql } from './sql.ts';

const SCHEMA = `
CREATE SCHEMA IF NOT EXISTS multigres;
CREATE TABLE IF NOT EXISTS multigres.current_rule (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  coordinator_term bigint NOT NULL,
  leader_subterm bigint NOT NULL,
  decision jsonb NOT NULL
);
CREATE TABLE IF NOT EXISTS multigres.rule_history (
  coordinator_term bigint NOT NULL,
  leader_subterm bigint NOT NULL,
  decision jsonb NOT NULL,
  reason text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (coordinator_term, leader_subterm)
);`;

/** Makes the tables with a first rule, which has no leader and no cohort. */
export async function createRules(sql: Sql, first: ShardRule): Promise<void> {
  await sql.query(SCHEMA);
  const [term, subterm] = ruleParts(first.rule_number);
  await sql.query(
    `INSERT INTO multigres.current_rule (coordinator_term, leader_subterm, decision) VALUES ($1, $2, $3)
     ON CONFLICT DO NOTHING`,
    [term, subterm, JSON.stringify(first)],
  );
}

/** Position as a query column: null while the tables do not exist. */
export async function readRule(sql: Sql, timeoutMs?: number): Promise<RulePosition | undefined> {
  const found = await sql.one<{ there: boolean }>(
    `SELECT to_regclass('multigres.current_rule') IS NOT NULL AS there`,
    [],
    timeoutMs,
  );
  if (!found.there) return undefined;
  const [row] = await sql.query<{ decision: ShardRule }>(
    'SELECT decision FROM multigres.current_rule',
    [],
    timeoutMs,
  );
  return row && { decision: row.decision };
}

/**
 * Replaces the rule when it still has the expected number. Waits for the quorum like every commit.
 * @param timeoutMs after it the write is in doubt: done here, not known to be anywhere else
 * @returns false when the rule moved
 */
export async function writeRule(
  sql: Sql,
  expected: RuleNumber | undefined,
  next: ShardRule,
  reason: string,
  timeoutMs?: number,
): Promise<boolean> {
  const [oldTerm, oldSubterm] = ruleParts(expected);
  const [term, subterm] = ruleParts(next.rule_number);
  const rows = await sql.query(
    `WITH changed AS (
       UPDATE multigres.current_rule SET coordinator_term = $3, leader_subterm = $4, decision = $5
       WHERE coordinator_term = $1 AND leader_subterm = $2 RETURNING 1)
     INSERT INTO multigres.rule_history (coordinator_term, leader_subterm, decision, reason)
     SELECT $3, $4, $5, $6 FROM changed
     ON CONFLICT (coordinator_term, leader_subterm) DO UPDATE SET decision = excluded.decision
     RETURNING 1`,
    [oldTerm, oldSubterm, term, subterm, JSON.stringify(next), reason],
    timeoutMs,
  );
  return rows.length > 0;
}
