import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { ServerDuplexStream, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { serviceDefinition } from '../../../controller/proto/load.ts';
import { EtcdClient, EtcdError } from '../../../controller/topo/client.ts';
import type { WatchEvent } from '../../../controller/topo/etcd.ts';

type Answer = object | { code: number; details: string };
const asked: { method: string; request: object }[] = [];
const answers: Record<string, Answer> = {
  Range: {
    header: { revision: '7' },
    kvs: [{ key: Buffer.from('a/b'), value: Buffer.from('x'), mod_revision: '5', version: '2' }],
  },
  DeleteRange: { deleted: '1' },
  Txn: { succeeded: true },
};
const unary =
  (method: string) =>
  ({ request }: ServerUnaryCall<object, object>, done: sendUnaryData<object>): void => {
    asked.push({ method, request });
    const answer = answers[method] ?? {};
    if ('code' in answer) done(answer);
    else done(null, answer);
  };
let opened: ServerDuplexStream<object, object> | undefined;

const server = new Server();
server.addService(
  serviceDefinition('KV'),
  Object.fromEntries(['Range', 'Put', 'DeleteRange', 'Txn'].map((name) => [name, unary(name)])),
);
server.addService(serviceDefinition('Watch'), {
  Watch: (stream: ServerDuplexStream<object, object>) => {
    opened = stream;
    stream.once('data', (request: object) => {
      asked.push({ method: 'Watch', request });
      const kv = (revision: string) => ({ key: Buffer.from('a/b'), mod_revision: revision });
      stream.write({ created: true });
      stream.write({ events: [{ kv: kv('7') }, { type: 'DELETE', kv: kv('8') }] });
    });
    stream.on('error', () => {});
  },
});
const port = await new Promise<number>((resolve, reject) =>
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
    error ? reject(error) : resolve(bound),
  ),
);
const client = new EtcdClient({ endpoints: ['127.0.0.1:1', `http://127.0.0.1:${port}`] });
after(() => {
  client.close();
  server.forceShutdown();
});

test('an endpoint that nobody serves is passed over, and values come with their revision', async () => {
  const { kvs, revision } = await client.snapshot('a/');
  assert.equal(revision, '7');
  assert.deepEqual(kvs, [
    { key: 'a/b', value: Buffer.from('x'), modRevision: '5', version: '2', lease: '0' },
  ]);
  assert.deepEqual(asked.splice(0), [
    { method: 'Range', request: { key: Buffer.from('a/'), range_end: Buffer.from('a0') } },
  ]);
});

test('writes and deletions compare before they change', async () => {
  assert.equal(await client.create('k', Buffer.from('v')), true);
  assert.equal(await client.update('k', Buffer.from('v'), '5'), true);
  assert.equal(await client.deleteIf('k', '5'), true);
  assert.equal(await client.delete('k'), true);
  const key = Buffer.from('k');
  const request_put = { key, value: Buffer.from('v') };
  const is = { target: 'MOD', key, mod_revision: '5' };
  assert.deepEqual(
    asked.splice(0).map(({ request }) => request),
    [
      // what equals its default is not sent, but for the chosen one of several
      { compare: [{ key, version: '0' }], success: [{ request_put }] },
      { compare: [is], success: [{ request_put }] },
      { compare: [is], success: [{ request_delete_range: { key } }] },
      { key },
    ],
  );
});

test('an error names the call, the endpoints and the reason', async () => {
  answers['Txn'] = { code: status.PERMISSION_DENIED, details: 'no' };
  await assert.rejects(client.deleteIf('k', '5'), (error: unknown) => {
    assert.ok(error instanceof EtcdError);
    assert.equal(error.unavailable, false);
    assert.equal(
      error.message,
      `etcd Txn at 127.0.0.1:1, 127.0.0.1:${port}: 7 PERMISSION_DENIED: no`,
    );
    return true;
  });
});

test('a watch tells what is newer than its revision, and says how it broke', async () => {
  asked.splice(0);
  const told = Promise.withResolvers<WatchEvent[]>();
  const watch = client.watch('a/', '7', told.resolve, new AbortController().signal);
  const [event, ...others] = await told.promise;
  assert.equal(event?.type, 'delete');
  assert.equal(event.kv.modRevision, '8');
  assert.deepEqual(others, []);
  assert.equal(client.watching, true);
  const create = { key: Buffer.from('a/'), range_end: Buffer.from('a0'), start_revision: '7' };
  assert.deepEqual(asked, [{ method: 'Watch', request: { create_request: create } }]);
  opened?.write({ canceled: true, compact_revision: '9' });
  await assert.rejects(watch, /Watch of a\/ at .*: the server compacted up to 9$/);
  assert.equal(client.watching, false);
});
