import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outageBegins, outageEnds, patience } from '../../../emulator/gateway/buffer.ts';
import {
  choosePrimary,
  chooseReplica,
  ERRORS,
  type RoutePooler,
} from '../../../emulator/gateway/routes.ts';
import { fatal, FrameScanner, readStartup, sqlState } from '../../../emulator/gateway/wire.ts';
import type { PoolerHealthMessage } from '../../../emulator/internal.ts';

const buffer = {
  enabled: true,
  windowMs: 10_000,
  maxFailoverMs: 20_000,
  minBetweenMs: 60_000,
  size: 1000,
};

test('a client waits at most the window and never beyond the longest failover', () => {
  const state = outageBegins({}, 1000, buffer);
  assert.equal(patience(state, 1000, buffer), 10_000);
  assert.equal(patience(state, 15_000, buffer), 6000);
  assert.equal(patience(state, 21_000, buffer), 0);
  assert.equal(patience({}, 1000, buffer), 0);
});

test('a second outage within the minimum time is not buffered', () => {
  const over = outageEnds(outageBegins({}, 1000, buffer));
  assert.equal(patience(outageBegins(over, 60_999, buffer), 60_999, buffer), 0);
  assert.equal(patience(outageBegins(over, 61_000, buffer), 61_000, buffer), 10_000);
  assert.deepEqual(outageBegins({}, 1000, { ...buffer, enabled: false }), {});
});

const pooler = (
  id: string,
  health: Partial<PoolerHealthMessage>,
  more: Partial<RoutePooler> = {},
): RoutePooler => ({
  id,
  cell: id.split('/')[0] ?? '',
  host: id,
  port: 5432,
  connected: true,
  tombstoned: false,
  health: {
    role: 'REPLICA',
    serving: 'SERVING',
    plannedFailover: false,
    postgresReady: true,
    lagMs: 0,
    ...health,
  },
  ...more,
});
const rule = (coordinator_term: number) => ({
  role: 'PRIMARY' as const,
  rule: { coordinator_term },
});

test('the primary of the highest rule, and none other', () => {
  assert.deepEqual(choosePrimary([]), { error: ERRORS.noPrimary });
  const two = [pooler('a/1', rule(9)), pooler('b/1', rule(10))];
  assert.deepEqual(choosePrimary(two), { pooler: two[1] });
  const draining = [two[0] as RoutePooler, pooler('b/1', { ...rule(10), serving: 'DRAINING' })];
  assert.deepEqual(choosePrimary(draining), { error: ERRORS.draining });
  assert.deepEqual(choosePrimary([pooler('b/1', { ...rule(10), plannedFailover: true })]), {
    error: ERRORS.planned,
  });
  assert.deepEqual(choosePrimary([pooler('b/1', rule(10), { tombstoned: true })]), {
    error: ERRORS.noPrimary,
  });
  assert.deepEqual(choosePrimary([pooler('b/1', rule(10), { connected: false })]), {
    error: ERRORS.noPrimary,
  });
});

test('a standby: little lag before the own cell before the rest', () => {
  const options = { cell: 'a', lowLagMs: 30_000, highLagMs: 0 };
  const late = pooler('a/1', { lagMs: 60_000 });
  const far = pooler('b/1', {});
  assert.equal(chooseReplica([late, far], options, 0), far);
  assert.equal(chooseReplica([late], options, 0), late);
  assert.equal(chooseReplica([late], { ...options, highLagMs: 40_000 }, 0), undefined);
  const near = pooler('a/2', {});
  assert.equal(chooseReplica([late, far, near], options, 0.99), near);
});

function startup(parameters: string): Buffer {
  const body = Buffer.from(`\0\x03\0\0${parameters}\0`, 'latin1');
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length + 4);
  return Buffer.concat([head, body]);
}

test('start-up packets are read whole, with what follows', () => {
  const packet = startup('user\0me\0database\0postgres\0');
  assert.equal(readStartup(packet.subarray(0, 20)), undefined);
  const found = readStartup(Buffer.concat([packet, Buffer.from('rest')]));
  assert.ok(found?.startup.kind === 'start');
  assert.deepEqual(found.startup.parameters, { user: 'me', database: 'postgres' });
  assert.equal(found.rest.toString(), 'rest');
  assert.throws(() => readStartup(Buffer.from('GET / HTTP/1.1\r\n')), /invalid length/);
});

test('messages are found however they are cut', () => {
  const bytes = Buffer.concat([
    fatal('57P03', 'no writable primary is currently available'),
    Buffer.from('Z\0\0\0\x05I'),
    Buffer.from('D\0\0\0\x06ab'),
    Buffer.from('N\0\0\0\x04'),
  ]);
  for (const size of [1, 2, 7, bytes.length]) {
    const seen: string[] = [];
    const scanner = new FrameScanner((type, payload) =>
      seen.push(type === 'E' ? `E ${sqlState(payload)}` : `${type}${payload.toString()}`),
    );
    for (let at = 0; at < bytes.length; at += size) scanner.feed(bytes.subarray(at, at + size));
    assert.deepEqual(seen, ['E 57P03', 'ZI', 'D', 'N']);
  }
});
