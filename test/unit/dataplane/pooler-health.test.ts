import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { PoolerHealth } from '../../../controller/dataplane/pooler-health.ts';
import { createRpc } from '../../../controller/rpc/client.ts';
import type { StatusResponse } from '../../../controller/rpc/types.ts';
import { FakeClock } from '../../support/clock.ts';
import { eventually } from '../../support/kube-api.ts';
import type { PoolerServer } from '../../support/pooler.ts';
import { startPooler } from '../../support/pooler.ts';

const ready: StatusResponse = { status: { postgres_ready: true, wal_position: '0/1' } };
const moved: StatusResponse = { status: { postgres_ready: true, wal_position: '0/2' } };
const stopped: StatusResponse = { status: { wal_position: '0/2' } };

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

interface Followed {
  clock: FakeClock;
  server: PoolerServer;
  health: PoolerHealth;
  /** What was known at each change. */
  told: string[];
}

const describeReply = ({ reply }: PoolerHealth): string =>
  reply
    ? `${reply.value.status?.postgres_ready ? 'ready' : 'stopped'}${reply.live ? '' : ', not live'}`
    : 'nothing';

const follow = async (withoutStream = false): Promise<Followed> => {
  const clock = new FakeClock();
  const server = await startPooler(ready, { withoutStream });
  // deadlines of gRPC are of the real time
  const rpc = createRpc(() => Date.now());
  const told: string[] = [];
  const health: PoolerHealth = new PoolerHealth({
    target: { address: server.address },
    clock,
    random: () => 0,
    rpc,
    onChange: () => told.push(describeReply(health)),
  });
  ends.push(() => {
    health.close();
    rpc.close();
    server.kill();
  });
  return { clock, server, health, told };
};

const isLive = ({ health }: Followed) => eventually('a reply', () => health.reply?.live);
const isBroken = ({ health }: Followed) => eventually('the break', () => health.broken);

describe('health of a pooler', () => {
  it('tells of what matters, and takes the rest over in silence', async () => {
    const followed = await follow();
    const { server, health, told } = followed;
    await isLive(followed);
    server.become(moved);
    await eventually('the new position', () => health.reply?.value.status?.wal_position === '0/2');
    assert.deepEqual(told, ['ready']);
    server.become(stopped);
    await eventually('the news', () => told.length > 1);
    assert.deepEqual(told, ['ready', 'stopped']);
  });

  it('has no reply of a killed pooler after 2 s', async () => {
    const followed = await follow();
    const { clock, server, health, told } = followed;
    await isLive(followed);
    server.kill();
    await isBroken(followed);
    await clock.advance(1_999);
    assert.equal(describeReply(health), 'ready, not live');
    await clock.advance(1);
    assert.equal(health.reply, undefined);
    assert.deepEqual(told, ['ready', 'ready, not live', 'nothing']);
  });

  it('keeps the reply of a pooler whose stream only broke', async () => {
    const followed = await follow();
    const { clock, server, told } = followed;
    await isLive(followed);
    server.cut();
    await isBroken(followed);
    await clock.advance(200);
    await isLive(followed);
    await clock.advance(3_000);
    assert.deepEqual(told, ['ready', 'ready, not live', 'ready']);
  });

  it('keeps it while a pooler that took the new stream is slow to answer, but not for long', async () => {
    const followed = await follow();
    const { clock, server, health, told } = followed;
    await isLive(followed);
    server.freeze();
    server.cut();
    await isBroken(followed);
    await clock.advance(200);
    await eventually('the new stream', () => health.broken === undefined);
    await clock.advance(14_000);
    assert.equal(describeReply(health), 'ready, not live');
    await clock.advance(800);
    assert.equal(health.reply, undefined);
    assert.deepEqual(told, ['ready', 'ready, not live', 'nothing']);
  });

  it('has no reply of a pooler that is silent for 15 s', async () => {
    const followed = await follow();
    const { clock, server, health, told } = followed;
    await isLive(followed);
    server.freeze();
    await clock.advance(15_000);
    assert.equal(health.reply, undefined);
    assert.deepEqual(told, ['ready', 'nothing']);
  });

  it('polls over the stream', async () => {
    const followed = await follow();
    const { server, health } = followed;
    await isLive(followed);
    server.drift(stopped);
    assert.equal(await health.poll(5_000), true);
    assert.equal(describeReply(health), 'stopped');
    assert.equal(server.calls, 0);
  });

  it('waits with a poll for a stream that is being opened, and hurries one that waits', async () => {
    const followed = await follow();
    const { server, health } = followed;
    assert.equal(await health.poll(5_000), true, 'at the very first');
    server.kill();
    await isBroken(followed);
    assert.equal(await health.poll(5_000), false, 'nobody is there');
    await server.start();
    assert.equal(await health.poll(5_000), true, 'the clock stands still: it did not wait');
    assert.equal(server.calls, 0);
  });

  it('asks by a call of its own where the stream is refused', async () => {
    const { clock, server, health, told } = await follow(true);
    assert.equal(await health.poll(5_000), true);
    assert.equal(server.calls, 1);
    assert.equal(describeReply(health), 'ready, not live');
    await clock.advance(2_000);
    assert.deepEqual(told, ['ready, not live', 'nothing']);
  });

  it('gives a frozen pooler the time that the poll has', async () => {
    const followed = await follow();
    const { clock, server, health } = followed;
    await isLive(followed);
    server.freeze();
    const poll = health.poll(2_000);
    await eventually('the question', () => server.pending === 1);
    await clock.advance(2_000);
    assert.equal(await poll, false);
    assert.equal(describeReply(health), 'ready', 'being slow is no news');
  });
});
