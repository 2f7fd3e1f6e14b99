import assert from 'node:assert/strict';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { EtcdError, EtcdClient } from '../../controller/topo/client.ts';
import type { WatchEvent } from '../../controller/topo/etcd.ts';
import { codecs } from '../../controller/topo/codec.ts';
import { topoKeys } from '../../controller/topo/keys.ts';
import {
  listCells,
  pruneRecords,
  writeCell,
  writeDatabase,
} from '../../controller/topo/records.ts';
import { markShutdown } from '../../controller/shard/execute/topology.ts';
import type { Multipooler } from '../../controller/topo/types.ts';
import { lengthDelimited } from '../../controller/topo/wire.ts';
import type { Etcd } from '../support/etcd.ts';
import { startEtcd } from '../support/etcd.ts';
import { eventually } from '../support/kube-api.ts';

let etcd: Etcd;
let root = '';
let count = 0;

before(async () => {
  etcd = await startEtcd();
});
after(() => etcd.remove());
beforeEach(() => {
  root = `/test-${++count}`;
});

const cell = (name: string) => ({ name, server_addresses: ['etcd:2379'], root });
const database = (name: string, cells: string[]) => ({
  name,
  cells,
  backup_location: { filesystem: { path: '/backups' } },
});
const pooler = (cellName: string, name: string, more: Multipooler = {}): Multipooler => ({
  id: { component: 'MULTIPOOLER', cell: cellName, name },
  shard_key: { database: 'postgres', table_group: 'default', shard: '0-inf' },
  hostname: `${name}.ns.svc`,
  lifecycle_status: { status: 'LIFECYCLE_ACTIVE' },
  ...more,
});
const register = async (record: Multipooler): Promise<void> => {
  const { cell: cellName = '', name = '' } = record.id ?? {};
  await etcd.client.put(topoKeys.pooler(root, cellName, name), codecs.Multipooler.encode(record));
};
const modRevision = async (key: string) => (await etcd.client.get(key))?.modRevision;

describe('etcd client', () => {
  it('creates once, updates by revision, deletes once', async () => {
    const { client } = etcd;
    assert.equal(await client.create(`${root}/a`, Buffer.from('1')), true);
    assert.equal(await client.create(`${root}/a`, Buffer.from('2')), false);
    const read = await client.get(`${root}/a`);
    assert.equal(read?.value.toString(), '1');
    assert.equal(await client.update(`${root}/a`, Buffer.from('3'), read.modRevision), true);
    assert.equal(await client.update(`${root}/a`, Buffer.from('4'), read.modRevision), false);
    assert.equal(await client.delete(`${root}/a`), true);
    assert.equal(await client.delete(`${root}/a`), false);
  });

  it('takes back what a lease held', async () => {
    const lease = await etcd.client.holdLease(5);
    assert.ok(await etcd.client.createUnder(lease.id, `${root}/lock`, Buffer.from('x')));
    assert.equal((await etcd.client.get(`${root}/lock`))?.lease, lease.id);
    await lease.revoke();
    assert.equal(await etcd.client.get(`${root}/lock`), undefined);
  });

  it('watches without a gap after a snapshot', async () => {
    const { revision } = await etcd.client.snapshot(root);
    await etcd.client.put(`${root}/before`, Buffer.from('x'));
    const seen: string[] = [];
    const stop = new AbortController();
    const collect = (events: WatchEvent[]): void => {
      seen.push(...events.map(({ type, kv }) => `${type} ${kv.key.slice(root.length)}`));
      if (seen.length === 3) stop.abort();
    };
    const watching = etcd.client.watch(root, revision, collect, stop.signal);
    await etcd.client.put(`${root}/after`, Buffer.from('x'));
    await etcd.client.delete(`${root}/after`);
    await watching;
    assert.deepEqual(seen, ['put /before', 'put /after', 'delete /after']);
  });

  it('says that a server is unreachable, and goes on with the next endpoint', async () => {
    const dead = new EtcdClient({ endpoints: ['127.0.0.1:1'], timeoutMs: 500 });
    await assert.rejects(dead.get('x'), (error) => error instanceof EtcdError && error.unavailable);
    dead.close();
    const mixed = new EtcdClient({ endpoints: ['127.0.0.1:1', etcd.url], timeoutMs: 1000 });
    assert.equal(await mixed.get('nothing'), undefined);
    mixed.close();
  });

  it('gives up a connection that leads nowhere, and dials again', { timeout: 60_000 }, async () => {
    // the first connection is swallowed, as by a Service without rules; the others reach etcd
    const target = new URL(etcd.url.replace(/^(?!http)/, 'http://'));
    let connections = 0;
    const sockets: Socket[] = [];
    const proxy = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      if (connections++ === 0) return;
      const to = connect(Number(target.port), target.hostname);
      to.on('error', () => socket.destroy());
      socket.pipe(to).pipe(socket);
    });
    await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
    const { port } = proxy.address() as AddressInfo;
    const client = new EtcdClient({ endpoints: [`127.0.0.1:${port}`], timeoutMs: 500 });
    await eventually('an answer', async () => (await client.get('x').catch(() => null)) !== null);
    assert.equal(connections, 2);
    client.close();
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
});

describe('records', () => {
  it('are created, then left alone while they are right', async () => {
    assert.equal(await writeCell(etcd.client, root, cell('a')), 'created');
    const key = topoKeys.cell(root, 'a');
    const before = await modRevision(key);
    assert.equal(await writeCell(etcd.client, root, cell('a')), 'unchanged');
    assert.equal(await modRevision(key), before);
    assert.deepEqual(await listCells(etcd.client, root), ['a']);
  });

  it('keep what others wrote into them', async () => {
    const unknown = lengthDelimited(77, Buffer.from('newer'));
    const key = topoKeys.database(root, 'postgres');
    const theirs = codecs.Database.encode({
      ...database('postgres', ['a']),
      backup_location: { filesystem: { path: '/old' }, authoritative_generation: '4' },
    });
    await etcd.client.put(key, Buffer.concat([theirs, unknown]));
    const wanted = database('postgres', ['a', 'b']);
    assert.equal(await writeDatabase(etcd.client, root, wanted), 'updated');
    const stored = (await etcd.client.get(key))?.value ?? Buffer.alloc(0);
    assert.ok(stored.includes(unknown));
    assert.deepEqual(codecs.Database.decode(stored), {
      ...wanted,
      backup_location: { filesystem: { path: '/backups' }, authoritative_generation: '4' },
    });
  });
});

describe('pruning', () => {
  const prune = (databases: string[], cells: string[]) =>
    pruneRecords(etcd.client, root, { databases, cells });

  it('removes what the spec no longer names', async () => {
    await writeCell(etcd.client, root, cell('a'));
    await writeCell(etcd.client, root, cell('b'));
    await writeDatabase(etcd.client, root, database('old', ['a', 'b']));
    await register(pooler('b', 'p-1', { lifecycle_status: { status: 'LIFECYCLE_SHUTDOWN' } }));
    const { deleted, refused } = await prune([], ['a']);
    assert.deepEqual(deleted, [topoKeys.database(root, 'old'), topoKeys.cell(root, 'b')]);
    assert.deepEqual(refused, []);
    assert.deepEqual((await prune([], ['a'])).deleted, []);
  });

  it('refuses a cell that a database lists', async () => {
    await writeCell(etcd.client, root, cell('a'));
    await writeDatabase(etcd.client, root, database('postgres', ['a']));
    const { deleted, refused } = await prune(['postgres'], []);
    assert.deepEqual(deleted, []);
    assert.match(refused[0]?.reason ?? '', /still lists cell a/);
  });

  it('refuses a database whose poolers live: it may be another cluster’s', async () => {
    await writeDatabase(etcd.client, root, database('postgres', ['a']));
    await register(pooler('a', 'p-1'));
    const { deleted, refused } = await prune([], []);
    assert.deepEqual(deleted, []);
    assert.match(refused[0]?.reason ?? '', /p-1 of database postgres is not shut down/);
  });
});

describe('marking a dead pooler', () => {
  const entry = async () => {
    const [kv] = await etcd.client.range(topoKeys.poolers(root));
    assert.ok(kv);
    return { kv, record: codecs.Multipooler.decode(kv.value) };
  };
  const lifecycle = async () => (await entry()).record.lifecycle_status?.status;
  const proof = 'node-out-of-service';

  it('is refused while the pod exists, or nobody knows, or nothing proves it', async () => {
    await register(pooler('a', 'p-1'));
    for (const evidence of [
      { pod: 'present', proof },
      { pod: 'unknown', proof },
      { pod: 'absent' },
    ] as const) {
      const { marked } = await markShutdown(etcd.client, await entry(), evidence, 0);
      assert.equal(marked, false, JSON.stringify(evidence));
    }
    assert.equal(await lifecycle(), 'LIFECYCLE_ACTIVE');
  });

  it('is not done when the record changed meanwhile: the pooler may be back', async () => {
    await register(pooler('a', 'p-1'));
    const stale = await entry();
    await register(pooler('a', 'p-1', { lifecycle_status: { status: 'LIFECYCLE_STARTING' } }));
    const { marked } = await markShutdown(etcd.client, stale, { pod: 'absent', proof }, 0);
    assert.equal(marked, false);
    assert.equal(await lifecycle(), 'LIFECYCLE_STARTING');
  });

  it('changes the lifecycle only', async () => {
    const record = pooler('a', 'p-1', { port_map: { grpc: 15270 } });
    await register(record);
    const at = Date.parse('2026-01-02T03:04:05.678Z');
    const result = await markShutdown(etcd.client, await entry(), { pod: 'absent', proof }, at);
    assert.equal(result.marked, true);
    assert.deepEqual((await entry()).record, {
      ...record,
      lifecycle_status: {
        status: 'LIFECYCLE_SHUTDOWN',
        reason: result.reason,
        updated: { seconds: String(Math.floor(at / 1000)), nanos: 678_000_000 },
      },
    });
  });
});
