import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gather, lsnBytes } from '../../../emulator/web/data.ts';
import { bytes, escapeHtml, renderPage } from '../../../emulator/web/page.ts';
import { keepSnapshot } from '../../../emulator/web/snapshot.ts';

const standby = (lsn: string) => ({
  status: {
    postgresStatus: 'POSTGRES_STATUS_STANDBY',
    walPosition: lsn,
    replicationStatus: { walReceiverStatus: 'streaming' },
  },
});
const pooler = (name: string, role: string) => ({
  id: { cell: 'zone-a', name },
  shardKey: { database: 'postgres', tableGroup: 'default', shard: '0-inf' },
  lifecycleStatus: { status: 'LIFECYCLE_ACTIVE' },
  routingState: { role: `ROUTING_ROLE_${role}` },
});
const ANSWERS: Record<string, object> = {
  cells: { names: ['zone-a'] },
  'cells/zone-a': { cell: { name: 'zone-a', serverAddresses: ['etcd:2379'], root: '/root' } },
  databases: {},
  poolers: {
    poolers: [pooler('p-1', 'PRIMARY'), pooler('p-2', 'REPLICA'), pooler('<p-3>', 'REPLICA')],
  },
  'poolers/zone-a/p-1/status': {
    status: {
      postgresStatus: 'POSTGRES_STATUS_PRIMARY',
      walPosition: '0/2000',
      primaryStatus: { connectedFollowers: [{}] },
    },
  },
  'poolers/zone-a/p-2/status': standby('0/1000'),
  gateways: {},
};
const get = (path: string): Promise<Record<string, unknown>> => {
  const found = ANSWERS[path];
  return found === undefined
    ? Promise.reject(new Error(`no ${path}`))
    : Promise.resolve(found as Record<string, unknown>);
};

test('lag is counted against the primary, and what cannot be read is said', async () => {
  const data = await gather(get, 'postgresql://x', '10:00:00 UTC');
  assert.deepEqual(
    data.poolers.map((p) => [p.name, p.live?.behindBytes, p.trouble]),
    [
      ['p-1', undefined, undefined],
      ['p-2', 4096, undefined],
      ['<p-3>', undefined, 'no poolers/zone-a/<p-3>/status'],
    ],
  );
  assert.deepEqual(data.errors, [
    'orchs: no orchs',
    'backups?database=postgres&table_group=default&shard=0-inf: no backups?database=postgres&table_group=default&shard=0-inf',
  ]);
  const page = renderPage(data);
  assert.match(page, /p-1 leads in zone-a, 1 of 2 standbys streaming/);
  assert.match(page, /4\.0 KiB/);
  assert.equal(page.includes('<p-3>'), false, 'names are escaped');
});

test('numbers and texts for people', () => {
  assert.equal(bytes(0), '0 B');
  assert.equal(bytes(1536), '1.5 KiB');
  assert.equal(lsnBytes('1/0'), 2 ** 32);
  assert.equal(lsnBytes('nothing'), undefined);
  assert.equal(escapeHtml(`<a href="x">'&`), '&lt;a href=&quot;x&quot;&gt;&#39;&amp;');
});

test('nobody waits for a slow reading, and readings do not overlap', async () => {
  let reads = 0;
  let release: (value: string) => void = () => {};
  const snapshot = keepSnapshot({
    read: () => {
      reads++;
      return new Promise<string>((resolve) => (release = resolve));
    },
    now: () => 0,
    maxAgeMs: 1000,
    patienceMs: 5,
  });
  assert.equal(await snapshot(), undefined);
  assert.equal(await snapshot(), undefined);
  assert.equal(reads, 1);
  release('now');
  assert.equal(await snapshot(), 'now');
  assert.equal(await snapshot(), 'now');
  assert.equal(reads, 1);
});
