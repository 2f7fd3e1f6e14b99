import assert from 'node:assert/strict';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import type { HealthStreamOptions, Snapshot } from '../../../controller/rpc/health-stream.ts';
import { HealthStream } from '../../../controller/rpc/health-stream.ts';
import type { StatusResponse } from '../../../controller/rpc/types.ts';
import type { Clock } from '../../../kube/clock.ts';
import { systemClock } from '../../../kube/clock.ts';
import { FakeClock } from '../../support/clock.ts';
import { eventually } from '../../support/kube-api.ts';
import type { PoolerServer } from '../../support/pooler.ts';
import { startPooler } from '../../support/pooler.ts';

const ready: StatusResponse = { status: { postgres_ready: true } };
const starting: StatusResponse = { status: { postgres_status: 'POSTGRES_STATUS_STARTING' } };
const TIMING = { intervalMs: 5_000, stalenessMs: 15_000 };

const opened: { close(): void }[] = [];
const servers: PoolerServer[] = [];
afterEach(() => {
  for (const stream of opened.splice(0)) stream.close();
  for (const server of servers.splice(0)) server.kill();
});

const pooler = async (...args: Parameters<typeof startPooler>): Promise<PoolerServer> => {
  const server = await startPooler(...args);
  servers.push(server);
  return server;
};

interface Watched {
  stream: HealthStream;
  seen: Snapshot[];
  states: boolean[];
  /** Triggers without their prefix. */
  triggers(): string[];
}

const watch = (
  address: string,
  clock: Clock = systemClock,
  more: Partial<HealthStreamOptions> = {},
): Watched => {
  const seen: Snapshot[] = [];
  const states: boolean[] = [];
  const stream = new HealthStream({
    target: { address },
    timing: TIMING,
    clock,
    random: () => 0,
    onSnapshot: (snapshot) => seen.push(snapshot),
    onState: () => states.push(stream.broken === undefined),
    ...more,
  });
  opened.push(stream);
  const triggers = () => seen.map(({ trigger }) => trigger.replace('SNAPSHOT_TRIGGER_', ''));
  return { stream, seen, states, triggers };
};

const first = (watched: Watched) => eventually('a first snapshot', () => watched.seen.length > 0);

describe('health stream', () => {
  it('asks for its timing, and hears at once how the pooler is', async () => {
    const server = await pooler(ready);
    const watched = watch(server.address, systemClock, {
      timing: { intervalMs: 2_500, stalenessMs: 7_000 },
    });
    await first(watched);
    assert.deepEqual(server.asked, {
      start: {
        snapshot_interval: { seconds: '2', nanos: 500_000_000 },
        staleness_timeout: { seconds: '7' },
      },
    });
    assert.deepEqual(watched.stream.timing, { intervalMs: 2_500, stalenessMs: 7_000 });
    const [snapshot] = watched.seen;
    assert.deepEqual(snapshot?.status, ready);
    assert.deepEqual(watched.triggers(), ['INITIAL']);
    assert.ok((snapshot?.capturedAtMs ?? 0) > 0);
    assert.equal(watched.stream.broken, undefined);
  });

  it('hears of a change without asking, and of nothing else until the heartbeat', async () => {
    const server = await pooler(ready);
    const watched = watch(server.address);
    await first(watched);
    server.become(starting);
    await eventually('the change', () => watched.seen.length > 1);
    assert.deepEqual(watched.triggers(), ['INITIAL', 'BROADCAST']);
    assert.deepEqual(watched.seen[1]?.status, starting);
  });

  it('hears heartbeats in the interval that was agreed', async () => {
    const server = await pooler(ready);
    const watched = watch(server.address, systemClock, {
      timing: { intervalMs: 20, stalenessMs: 15_000 },
    });
    await eventually('two heartbeats', () => watched.seen.length > 2);
    assert.deepEqual(watched.triggers().slice(0, 3), ['INITIAL', 'HEARTBEAT', 'HEARTBEAT']);
  });

  it('answers a poll with what was captured after it', async () => {
    const server = await pooler(ready);
    const watched = watch(server.address);
    await first(watched);
    server.drift(starting);
    const snapshot = await watched.stream.poll(5_000);
    assert.deepEqual(snapshot.status, starting);
    assert.equal(snapshot.trigger, 'SNAPSHOT_TRIGGER_POLL');
  });

  it('does not answer a poll with what a poll before it brings', async () => {
    const server = await pooler(ready);
    const watched = watch(server.address);
    await first(watched);
    server.freeze();
    const early = watched.stream.poll(5_000);
    await eventually('it is being answered', () => server.pending === 1);
    server.drift(starting);
    const late = [watched.stream.poll(5_000), watched.stream.poll(5_000)];
    server.resume();
    assert.deepEqual((await early).status, ready);
    for (const { status } of await Promise.all(late)) assert.deepEqual(status, starting);
    assert.deepEqual(watched.triggers(), ['INITIAL', 'POLL', 'POLL']);
  });

  it('gives a poll up after its time, and still takes the answer that comes late', async () => {
    const clock = new FakeClock();
    const server = await pooler(ready);
    const watched = watch(server.address, clock);
    await first(watched);
    server.freeze();
    const poll = watched.stream.poll(2_000);
    const refused = assert.rejects(poll, /no answer to a poll within 2000 ms/);
    await clock.advance(2_000);
    await refused;
    assert.equal(watched.stream.broken, undefined, 'a slow answer breaks nothing');
    const next = watched.stream.poll(2_000);
    server.resume();
    assert.equal((await next).trigger, 'SNAPSHOT_TRIGGER_POLL');
    assert.deepEqual(watched.triggers(), ['INITIAL', 'POLL', 'POLL']);
  });

  it('tells when it broke and why, fails the polls under way, and opens again', async () => {
    const server = await pooler(ready);
    const watched = watch(server.address);
    await first(watched);
    server.freeze();
    const poll = assert.rejects(watched.stream.poll(60_000));
    const beforeMs = systemClock.now();
    server.kill();
    await poll;
    const { broken } = watched.stream;
    assert.ok(broken && broken.sinceMs >= beforeMs && broken.reason !== '');
    await assert.rejects(watched.stream.poll(1_000), new RegExp(server.address));
    server.resume();
    await server.start();
    await eventually('a new stream', () => watched.triggers().length > 1);
    assert.equal(watched.triggers().at(-1), 'INITIAL');
    assert.deepEqual(watched.states, [true, false, true]);
  });

  it('waits longer after each attempt that failed, at most 5 s', async () => {
    const clock = new FakeClock();
    const server = await pooler(ready);
    const watched = watch(server.address, clock);
    await first(watched);
    server.kill();
    const starts: number[] = [];
    for (let attempt = 0; attempt < 8; attempt++) {
      // a failed attempt leaves one timer: the pause before the next one
      await eventually('the pause', () => watched.stream.broken && clock.pending === 1);
      const next = clock.nextMs ?? 0;
      starts.push(next - clock.now());
      await clock.advance(next - clock.now());
      await eventually('an attempt that failed', async () => {
        await clock.advance(0);
        return clock.pending === 1 && (clock.nextMs ?? 0) > next;
      });
    }
    assert.deepEqual(starts, [200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
  });

  it('takes silence beyond the agreed staleness for a break', async () => {
    const clock = new FakeClock();
    const server = await pooler(ready);
    const watched = watch(server.address, clock);
    await first(watched);
    server.freeze();
    await clock.advance(14_999);
    assert.deepEqual(watched.states, [true]);
    await clock.advance(1);
    assert.equal(watched.stream.broken?.reason, 'nothing heard for 15 s');
  });

  it('gives up a connection that leads nowhere, and dials again', async () => {
    const clock = new FakeClock();
    const sockets: Socket[] = [];
    const nowhere = createServer((socket) => sockets.push(socket.on('error', () => {})));
    await new Promise<void>((done) => nowhere.listen(0, '127.0.0.1', done));
    const { port } = nowhere.address() as AddressInfo;
    const watched = watch(`127.0.0.1:${port}`, clock);
    await eventually('a connection', () => sockets.length === 1);
    await clock.advance(3_000);
    assert.equal(watched.stream.broken?.reason, 'no answer for 3 s');
    await clock.advance(200);
    await eventually('another connection', () => sockets.length === 2);
    watched.stream.close();
    for (const socket of sockets) socket.destroy();
    nowhere.close();
  });

  it('goes over to a new address at once', async () => {
    const [a, b] = [await pooler(ready), await pooler(starting)];
    const watched = watch(a.address);
    await first(watched);
    watched.stream.retarget({ address: b.address });
    await eventually('the other pooler', () => watched.seen.length > 1);
    assert.deepEqual(watched.seen.at(-1)?.status, starting);
    await eventually('one stream in all', () => a.streams === 0 && b.streams === 1);
  });

  it('leaves nothing open when it is closed', async () => {
    const clock = new FakeClock();
    const server = await pooler(ready);
    const watched = watch(server.address, clock);
    await first(watched);
    watched.stream.close();
    await eventually('no stream', () => server.streams === 0);
    assert.equal(clock.pending, 0);
    assert.deepEqual(watched.states, [true], 'who closes it need not be told');
    assert.equal(await watched.stream.attempt(1_000), false);
  });

  it('says that the pooler has no such call', async () => {
    const server = await pooler(ready, { withoutStream: true });
    const watched = watch(server.address);
    assert.equal(await watched.stream.attempt(5_000), false);
    assert.match(watched.stream.broken?.reason ?? '', /does not implement/);
  });
});
