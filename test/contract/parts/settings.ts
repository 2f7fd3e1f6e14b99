/** Settings that cannot go down while a shard lives: why the operator keeps the higher value. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { eventually, type Shard } from '../support/shard.ts';

const FATAL = 'recovery aborted because of insufficient parameter settings';

/** What a pod's Postgres has said: the real pgctld lets it write into the data directory. */
const postgresLog = ({ cluster }: Shard, suffix: string): string =>
  [
    cluster.logFile(`pgctld-${suffix}`),
    join(cluster.dir, 'volumes', suffix, 'pg_data/postgresql.log'),
  ]
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');

export async function loweredSettings(t: TestContext, s: Shard): Promise<void> {
  const leader = await s.healthy();
  const [standby = ''] = s.others(leader);
  const file = join(s.cluster.dir, 'etc/postgresql.conf');
  const before = readFileSync(file, 'utf8');
  const restart = async (suffix: string): Promise<void> => {
    await s.cluster.stopPod(suffix);
    await s.cluster.startPod(suffix);
  };
  for (const [who, suffix] of [
    ['a standby', standby],
    ['a primary that was stopped', leader],
  ] as const) {
    await t.test(`${who} does not start with fewer connections than it had`, async () => {
      const seen = postgresLog(s, suffix).length;
      try {
        writeFileSync(file, before.replace('max_connections = 60', 'max_connections = 50'));
        await restart(suffix);
        await eventually('the FATAL', () => postgresLog(s, suffix).slice(seen).includes(FATAL));
        assert.notEqual((await s.status(suffix)).status?.postgres_ready, true);
      } finally {
        writeFileSync(file, before);
      }
      // Tried again with the old value, without any help.
      await s.healthy();
    });
  }
}
