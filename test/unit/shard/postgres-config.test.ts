import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  MARKER,
  renderPostgresConfig,
  type ConfigInput,
  type PostgresConfig,
} from '../../../controller/shard/desired/postgres-config.ts';
import { keptText } from '../../../controller/shard/desired/postgres-floor.ts';
import { baseline, sizeOf } from '../../../controller/shard/desired/postgres-sizing.ts';
import { parseSettings } from '../../../schemas/postgres-conf.ts';
import { needsRestart, POSTGRES_SETTINGS } from '../../../schemas/postgres-settings.ts';

const BASE: ConfigInput = {
  cluster: 'c',
  database: 'postgres',
  tableGroup: 'default',
  shard: '0-inf',
  pools: { default: { storage: { size: '1Gi' }, postgres: { resources: { limits: { memory: '512Mi' } } } } }, // prettier-ignore
};
const render = (change: Partial<ConfigInput> = {}): PostgresConfig => {
  const result = renderPostgresConfig({ ...BASE, ...change });
  assert.ok(result.ok);
  return result.value;
};
const refusal = (change: Partial<ConfigInput>): string => {
  const result = renderPostgresConfig({ ...BASE, ...change });
  assert.ok(!result.ok);
  return result.error;
};

test('the settings that were proven with 512 MiB and 1 GiB of disk', () => {
  const proven = {
    cluster_name: 'c/postgres/default/0-inf',
    max_connections: '60',
    shared_buffers: '128MB',
    effective_cache_size: '384MB',
    maintenance_work_mem: '32MB',
    work_mem: '2184kB',
    wal_buffers: '3932kB',
    max_worker_processes: '6',
    max_parallel_workers: '2',
    max_parallel_workers_per_gather: '1',
    max_parallel_maintenance_workers: '1',
    max_wal_size: '256MB',
    max_slot_wal_keep_size: '256MB',
    min_wal_size: '64MB',
    wal_keep_size: '128MB',
    max_wal_senders: '25',
    max_replication_slots: '25',
    wal_level: 'logical',
    wal_log_hints: 'on',
    password_encryption: 'scram-sha-256',
    ssl: 'off',
    log_timezone: 'UTC',
    timezone: 'UTC',
    lc_messages: 'en_US.UTF-8',
  };
  const { expected } = render();
  for (const [name, value] of Object.entries(proven)) assert.equal(expected[name], value, name);
});

test('without sizes the baseline holds', () => {
  const settings = baseline({});
  assert.equal(settings['shared_buffers'], '64MB');
  assert.equal(settings['work_mem'], '1092kB');
  assert.equal(settings['wal_buffers'], '1920kB');
  assert.equal(settings['max_wal_size'], '1024MB');
  assert.equal(settings['max_worker_processes'], 6);
});

test('sizes: memory and cores of the largest pool, disk of the smallest, limit before request', () => {
  const sizes = sizeOf({
    a: { storage: { size: '8Gi' }, postgres: { resources: { limits: { memory: '1Gi', cpu: '3900m' }, requests: { memory: '9Gi' } } } }, // prettier-ignore
    b: { storage: { size: '4Gi' }, postgres: { resources: { requests: { memory: '2Gi', cpu: 2 } } } }, // prettier-ignore
  });
  assert.deepEqual(sizes, { memory: 2 ** 31, cores: 3, disk: 2 ** 32 });
});

test('limits of the sizing rules', () => {
  const big = baseline({ memory: 512 * 2 ** 30, cores: 64, disk: 2 ** 42 });
  assert.equal(big['maintenance_work_mem'], '2GB');
  assert.equal(big['wal_buffers'], '16MB');
  assert.equal(big['max_wal_size'], '4GB');
  assert.equal(big['min_wal_size'], '1GB');
  assert.equal(big['wal_keep_size'], '1000MB');
  assert.equal(big['max_parallel_workers_per_gather'], 32);
  assert.equal(big['max_parallel_maintenance_workers'], 4);
  const small = baseline({ memory: 32 * 2 ** 20, cores: 1, disk: 2 ** 27 });
  assert.equal(small['work_mem'], '136kB');
  assert.equal(small['max_wal_size'], '64MB');
  assert.equal(small['min_wal_size'], '32MB');
  assert.equal(small['wal_keep_size'], '32MB');
  assert.equal(baseline({ memory: 2 ** 23 })['work_mem'], '64kB');
});

test('the inline map wins over the ConfigMap, which wins over the baseline', () => {
  const body = "# mine\nwork_mem = '16MB' # more\nlock_timeout 5s\n";
  const { expected, text } = render({ body, inline: { Work_Mem: '32MB' } });
  assert.equal(expected['work_mem'], '32MB');
  assert.equal(expected['lock_timeout'], '5s');
  assert.equal(parseSettings(text).get('work_mem'), '32MB');
  assert.equal(render({ body }).expected['work_mem'], '16MB');
});

test('values survive quoting', () => {
  const value = String.raw`it's # 100\% "x"`;
  const { text, expected } = render({ inline: { log_line_prefix: value } });
  assert.match(text, /^log_line_prefix = 'it''s # 100\\\\% "x"'$/m);
  assert.equal(expected['log_line_prefix'], value);
});

test('only restart settings change the restart hash, only others the reload hash', () => {
  const before = render();
  const reload = render({ inline: { work_mem: '1MB' } });
  assert.equal(reload.restartHash, before.restartHash);
  assert.notEqual(reload.reloadHash, before.reloadHash);
  const restart = render({ inline: { max_connections: '70' } });
  assert.notEqual(restart.restartHash, before.restartHash);
  assert.equal(restart.reloadHash, before.reloadHash);
  assert.equal(restart.maxConnections, 70);
  const extension = render({ inline: { 'pg_stat_statements.max': '9' } });
  assert.notEqual(extension.restartHash, before.restartHash);
  const same = render({ body: '# only a remark\n' });
  assert.deepEqual([same.restartHash, same.reloadHash], [before.restartHash, before.reloadHash]);
});

test('the marker makes the removal of a setting visible', () => {
  const withSetting = render({ inline: { work_mem: '1MB' } });
  const without = render();
  assert.ok(without.text.endsWith(`${MARKER} = '${without.reloadHash}'\n`));
  assert.equal(without.expected[MARKER], without.reloadHash);
  assert.notEqual(without.expected[MARKER], withSetting.expected[MARKER]);
});

const kept = (config: PostgresConfig): string[] =>
  config.kept.map(({ name, wanted, kept: value }) => `${name} ${wanted} < ${value}`);

test('five settings do not go below what a started shard runs with', () => {
  const big = { max_connections: '200', max_worker_processes: '32', max_wal_senders: '40', max_prepared_transactions: '10', max_locks_per_transaction: '128' }; // prettier-ignore
  const running = render({ inline: big });
  const less = { max_connections: '100', max_worker_processes: '16', max_wal_senders: '30', max_prepared_transactions: '5', max_locks_per_transaction: '64' }; // prettier-ignore
  const lowered = render({ inline: less, running: running.text });
  assert.deepEqual(kept(lowered), [
    'max_connections 100 < 200',
    'max_worker_processes 16 < 32',
    'max_wal_senders 30 < 40',
    'max_prepared_transactions 5 < 10',
    'max_locks_per_transaction 64 < 128',
  ]);
  assert.equal(lowered.maxConnections, 200);
  assert.equal(lowered.restartHash, running.restartHash, 'no pod has to be replaced');
  for (const [name, value] of Object.entries(big)) assert.equal(lowered.expected[name], value);
  assert.deepEqual(render({ inline: less, running: lowered.text }), lowered, 'and so it stays');
  assert.deepEqual(kept(render({ inline: big, running: lowered.text })), [], 'as it runs');
});

test('a setting that was taken out goes back to the default, which may be lower too', () => {
  const running = render({ inline: { max_connections: '90', max_locks_per_transaction: '128' } });
  assert.deepEqual(kept(render({ running: running.text })), [
    'max_connections 60 < 90',
    'max_locks_per_transaction 64 < 128',
  ]);
  // The running file does not name it, so 64 holds.
  const inline = { max_locks_per_transaction: '32' };
  assert.deepEqual(kept(render({ inline, running: render().text })), [
    'max_locks_per_transaction 32 < 64',
  ]);
});

test("the user's ConfigMap counts, up is no matter, and before the start everything goes", () => {
  const running = render({ body: 'max_connections = 200' });
  assert.deepEqual(kept(render({ body: "MAX_CONNECTIONS = '150'", running: running.text })), [
    'max_connections 150 < 200',
  ]);
  const up = render({ body: 'max_connections = 300', running: running.text });
  assert.deepEqual([kept(up), up.maxConnections], [[], 300]);
  assert.equal(render({ body: 'max_connections = 50' }).maxConnections, 50);
});

test('data that is there already keeps its values, whatever became of its Shard', () => {
  const { floorNote } = render({ inline: { max_connections: '80', max_wal_senders: '200' } });
  assert.match(floorNote, /^max_connections=80,max_worker_processes=\d+,max_wal_senders=200,/);
  const back = render({ floorNotes: [floorNote] });
  assert.deepEqual(kept(back), ['max_connections 60 < 80', 'max_wal_senders 25 < 200']);
  assert.equal(back.maxConnections, 80);
  const two = render({ floorNotes: [floorNote, 'max_connections=120'], running: back.text });
  assert.equal(two.maxConnections, 120, 'the highest of all');
});

test('a smaller CPU limit leaves the number of worker processes, without a word', () => {
  const pools = (cpu: string): ConfigInput['pools'] => ({
    default: { postgres: { resources: { limits: { cpu } } } },
  });
  const running = render({ pools: pools('16') });
  const smaller = render({ pools: pools('4'), running: running.text });
  assert.equal(smaller.expected['max_worker_processes'], '16');
  assert.equal(smaller.expected['max_parallel_workers'], '4', 'this one may go down');
  assert.deepEqual(smaller.kept, []);
  const larger = render({ pools: pools('32'), running: smaller.text });
  assert.equal(larger.expected['max_worker_processes'], '32');
});

test('the sentence for the status names both values and the way out', () => {
  assert.equal(keptText([]), undefined);
  assert.equal(
    keptText([{ name: 'max_connections', wanted: '100', kept: '200' }]),
    'max_connections stays 200 (100 is wanted): a Postgres starts as a standby, and one with less than the primary had does not start. Write the value that runs, or move the data to a new cluster with the lower one',
  );
});

test('what would break the pod is refused with its reason', () => {
  assert.match(refusal({ body: 'port = 5433\nhba_file=/x' }), /port, hba_file.*operator owns/);
  assert.match(refusal({ inline: { WAL_Level: 'minimal' } }), /postgresConfig sets wal_level/);
  assert.equal(render({ body: "wal_level=logical\nlisten_addresses = '*'" }).maxConnections, 60);
  assert.match(refusal({ inline: { a: 'x\ny' } }), /postgresConfig\."a".*line break/);
  assert.match(refusal({ pools: { p: { storage: { size: '10foo' } } } }), /pools\.p\.storage\.size.*10foo/); // prettier-ignore
});

test('the catalog of PostgreSQL 17 knows what needs a restart', () => {
  assert.equal(POSTGRES_SETTINGS.size, 380);
  assert.ok(needsRestart('shared_buffers') && needsRestart('block_size'));
  assert.ok(needsRestart('no_such_setting') && needsRestart('cron.database_name'));
  assert.ok(!needsRestart('DateStyle') && !needsRestart('log_connections'));
});
