import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { Feed, FeedMember, FeedRequest, Heard } from '../../controller/dataplane/feed.ts';
import { createFeed } from '../../controller/dataplane/feed.ts';
import { createRpc } from '../../controller/rpc/client.ts';
import type { StatusResponse } from '../../controller/rpc/types.ts';
import { createTopoAccess } from '../../controller/topo/access.ts';
import { codecs } from '../../controller/topo/codec.ts';
import { topoKeys } from '../../controller/topo/keys.ts';
import { writeCell } from '../../controller/topo/records.ts';
import type { LifecycleStatus, Multipooler, ShardKey } from '../../controller/topo/types.ts';
import type { Clock } from '../../kube/clock.ts';
import { systemClock } from '../../kube/clock.ts';
import { FakeClock } from '../support/clock.ts';
import type { Etcd } from '../support/etcd.ts';
import { startEtcd } from '../support/etcd.ts';
import { eventually } from '../support/kube-api.ts';
import type { PoolerServer } from '../support/pooler.ts';
import { startPooler } from '../support/pooler.ts';

const SHARD: ShardKey = { database: 'postgres', table_group: 'default', shard: '0-inf' };
const ready: StatusResponse = { status: { postgres_ready: true } };
const stopped: StatusResponse = { status: { pooler_type: 'REPLICA' } };

let etcd: Etcd;
let root = '';
let count = 0;
const ends: (() => void)[] = [];

before(async () => {
  etcd = await startEtcd();
});
after(() => etcd.remove());
beforeEach(() => {
  root = `/feed-${++count}`;
});
afterEach(() => {
  for (const end of ends.splice(0).toReversed()) end();
});

interface World {
  feed: Feed;
  /** Keys of shards that were told to have changed. */
  told: string[];
}

const openFeed = (clock: Clock = systemClock): World => {
  // deadlines of gRPC are of the real time
  const now = () => systemClock.now();
  const topo = createTopoAccess({ now, timeoutMs: 1_000 });
  const rpc = createRpc(now);
  const feed = createFeed({ topo, rpc, clock, random: () => 0 });
  const told: string[] = [];
  feed.onChange((key) => told.push(key));
  ends.push(() => {
    feed.close();
    topo.close();
    rpc.close();
  });
  return { feed, told };
};

const pooler = async (): Promise<PoolerServer> => {
  const server = await startPooler(ready);
  ends.push(() => server.kill());
  return server;
};

const registerCell = (name: string, at: { root?: string; server?: string } = {}) => {
  const server_addresses = at.server === undefined ? [] : [at.server];
  return writeCell(etcd.client, root, { name, server_addresses, root: at.root ?? root });
};

const register = async (
  member: Pick<FeedMember, 'id' | 'cell'>,
  server: PoolerServer,
  more: Multipooler = {},
  at = { client: etcd.client, root },
): Promise<void> => {
  const [hostname = '', port] = server.address.split(':');
  const record: Multipooler = {
    id: { component: 'MULTIPOOLER', cell: member.cell, name: member.id },
    shard_key: SHARD,
    hostname,
    port_map: { grpc: Number(port) },
    lifecycle_status: { status: 'LIFECYCLE_ACTIVE' },
    ...more,
  };
  const key = topoKeys.pooler(at.root, member.cell, member.id);
  await at.client.put(key, codecs.Multipooler.encode(record));
};

const member = (id: string, more: Partial<FeedMember> = {}): FeedMember => ({
  ...{ id, cell: 'a', address: '127.0.0.1:1', call: true },
  ...more,
});

const request = (...members: FeedMember[]): FeedRequest => ({
  key: 'ns/shard',
  topo: { address: etcd.url, rootPath: root, implementation: 'etcd' },
  shard: SHARD,
  members,
});

/** Follows until what is heard passes. */
const until = (feed: Feed, what: FeedRequest, passes: (heard: Heard) => boolean): Promise<Heard> =>
  eventually('what should be heard', () => {
    const heard = feed.follow(what);
    return passes(heard) && heard;
  });

const live =
  (...ids: string[]) =>
  (heard: Heard): boolean =>
    ids.every((id) => heard.replies.get(id)?.live === true);

const isReply =
  (id: string, wanted: StatusResponse) =>
  ({ replies }: Heard): boolean =>
    isDeepStrictEqual(replies.get(id)?.value, wanted);

const lifecycleOf = (heard: Heard, id: string): LifecycleStatus | undefined =>
  heard.entries.get(id)?.record.lifecycle_status?.status;

/** What is known when the feed tells of what was done; nobody asks in between. */
const hearOf = async (
  { feed }: World,
  what: FeedRequest,
  act: () => unknown,
  passes: (heard: Heard) => boolean,
): Promise<Heard> => {
  let found: Heard | undefined;
  feed.onChange((key) => {
    if (key !== what.key || found) return;
    const heard = feed.follow(what);
    if (passes(heard)) found = heard;
  });
  await act();
  return eventually('it is told', () => found);
};

describe('feed', () => {
  it('knows nothing at once, and tells when it does', async () => {
    const [server, world] = [await pooler(), openFeed()];
    await registerCell('a');
    await register(member('p-1'), server);
    const what = request(member('p-1'));
    const atOnce = world.feed.follow(what);
    assert.equal(atOnce.pending, true);
    await eventually('it is told', () => world.told.length > 0);
    const heard = await until(world.feed, what, live('p-1'));
    assert.equal(heard.pending, false);
    assert.equal(lifecycleOf(heard, 'p-1'), 'LIFECYCLE_ACTIVE');
    assert.deepEqual(heard.replies.get('p-1')?.value, ready);
    assert.deepEqual([...heard.broken], []);
    assert.deepEqual(new Set(world.told), new Set(['ns/shard']));
  });

  it('hears of a cell, a pooler and its end, each as it happens', async () => {
    const [server, world] = [await pooler(), openFeed()];
    const what = request(member('p-1'));
    await until(world.feed, what, ({ unregisteredCells }) => unregisteredCells[0] === 'a');
    await hearOf(
      world,
      what,
      () => registerCell('a'),
      ({ unregisteredCells }) => unregisteredCells.length === 0,
    );
    assert.equal(server.streams, 0, 'a pooler that did not register is not called');
    await hearOf(world, what, () => register(member('p-1'), server), live('p-1'));
    await hearOf(world, what, () => server.become(stopped), isReply('p-1', stopped));
    const end = () =>
      register(member('p-1'), server, { lifecycle_status: { status: 'LIFECYCLE_SHUTDOWN' } });
    const ended = await hearOf(
      world,
      what,
      end,
      (heard) => lifecycleOf(heard, 'p-1') === 'LIFECYCLE_SHUTDOWN',
    );
    assert.deepEqual([...ended.replies], []);
    await eventually('the stream ends', () => server.streams === 0);
  });

  it('tells once of what comes together, and not of what does not matter', async () => {
    const clock = new FakeClock();
    const ids = ['p-1', 'p-2', 'p-3'];
    const servers = [await pooler(), await pooler(), await pooler()];
    const { feed, told } = openFeed(clock);
    const what = request(...ids.map((id) => member(id)));
    await registerCell('a');
    for (const [i, server] of servers.entries()) await register(member(ids[i] ?? ''), server);
    await until(feed, what, live(...ids));
    await clock.advance(50);
    assert.deepEqual(told.splice(0), ['ns/shard']);
    for (const server of servers) server.become(stopped);
    await until(feed, what, (heard) => ids.every((id) => isReply(id, stopped)(heard)));
    await clock.advance(49);
    assert.deepEqual(told, []);
    await clock.advance(1);
    assert.deepEqual(told.splice(0), ['ns/shard']);
    const moved = { status: { ...stopped.status, wal_position: '0/2' } };
    servers[0]?.become(moved);
    await until(feed, what, isReply('p-1', moved));
    await clock.advance(50);
    assert.deepEqual(told, []);
  });

  it('follows the members that it is told, and forgets', async () => {
    const servers = [await pooler(), await pooler()];
    const [one, two] = [member('p-1'), member('p-2')];
    const world = openFeed();
    await registerCell('a');
    await register(one, servers[0] as PoolerServer);
    await register(two, servers[1] as PoolerServer);
    await until(world.feed, request(one, two), live('p-1', 'p-2'));
    world.feed.follow(request(one, { ...two, call: false }));
    await eventually('a pod that is gone is not called', () => servers[1]?.streams === 0);
    await until(world.feed, request(one, two), live('p-2'));
    world.feed.follow(request(two));
    await eventually('who is not named is not called', () => servers[0]?.streams === 0);
    assert.equal(servers[1]?.streams, 1);
    await eventually('two watches', async () => (await etcd.watchers()) === 2);
    world.feed.forget('ns/shard');
    await eventually('no stream', () => servers[1]?.streams === 0);
    await eventually('no watch', async () => (await etcd.watchers()) === 0);
    world.told.length = 0;
    servers[1]?.become(stopped);
    await register(one, servers[0] as PoolerServer, { serving_status: 'DRAINING' });
    const other = { ...request(one), key: 'ns/other' };
    await until(world.feed, other, live('p-1'));
    assert.ok(!world.told.includes('ns/shard'));
  });

  it('watches a server once for all shards, and tells each only of its own', async () => {
    const clock = new FakeClock();
    const world = openFeed(clock);
    const server = await pooler();
    await registerCell('a');
    const shards = Array.from({ length: 20 }, (_, i) => ({
      ...request(member(`p-${i}`)),
      key: `ns/shard-${i}`,
      shard: { ...SHARD, shard: String(i) },
    }));
    for (const { shard, members } of shards) {
      await register(members[0] ?? member(''), server, { shard_key: shard });
    }
    for (const [i, shard] of shards.entries()) await until(world.feed, shard, live(`p-${i}`));
    assert.equal(await etcd.watchers(), 2);
    for (const shard of shards) assert.equal(world.feed.follow(shard).entries.size, 1);
    await clock.advance(50);
    world.told.length = 0;
    const [first] = shards;
    assert.ok(first);
    const drain = () =>
      register(member('p-0'), server, { shard_key: first.shard, serving_status: 'DRAINING' });
    const isDrained = ({ entries }: Heard) =>
      entries.get('p-0')?.record.serving_status === 'DRAINING';
    await drain();
    await until(world.feed, first, isDrained);
    await clock.advance(50);
    assert.deepEqual(world.told, ['ns/shard-0']);
  });

  it('finds the poolers of a cell where its record says', async () => {
    const own = await startEtcd();
    ends.push(() => void own.remove());
    const [server, world] = [await pooler(), openFeed()];
    await registerCell('a', { root: '/zone', server: own.url });
    await register(member('p-1'), server, {}, { client: own.client, root: '/zone' });
    await until(world.feed, request(member('p-1')), live('p-1'));
    assert.equal(await own.watchers(), 1);
    // the cell moves: what the old place says no longer counts
    await registerCell('a');
    await until(world.feed, request(member('p-1')), ({ entries }) => entries.size === 0);
    await eventually('no watch is left behind', async () => (await own.watchers()) === 0);
  });

  it('keeps what it knows while the topology server is away', async () => {
    const own = await startEtcd();
    ends.push(() => void own.remove());
    const [server, world] = [await pooler(), openFeed()];
    const what = { ...request(member('p-1')), topo: { ...request().topo, address: own.url } };
    await writeCell(own.client, root, { name: 'a', server_addresses: [own.url], root });
    await register(member('p-1'), server, {}, { client: own.client, root });
    await until(world.feed, what, live('p-1'));
    const isAway = ({ error }: Heard) => error !== undefined;
    const away = await hearOf(world, what, () => own.kill(), isAway);
    assert.equal(lifecycleOf(away, 'p-1'), 'LIFECYCLE_ACTIVE');
    assert.equal(away.pending, false);
    assert.ok(live('p-1')(world.feed.follow(what)), 'its stream goes on');
    const refreshed = await world.feed.refresh(what, 10_000);
    assert.ok(refreshed.error !== undefined);
    assert.equal(refreshed.readAtMs, undefined);
    assert.ok(live('p-1')(refreshed));
    await hearOf(
      world,
      what,
      () => own.start(),
      (heard) => !isAway(heard),
    );
  });

  it('calls poolers by their Services when the topology was never read', async () => {
    const [server, world] = [await pooler(), openFeed()];
    const nowhere = { ...request().topo, address: '127.0.0.1:1' };
    const what = { ...request(member('p-1', { address: server.address })), topo: nowhere };
    const heard = await until(world.feed, what, live('p-1'));
    assert.match(heard.error ?? '', /127\.0\.0\.1:1/);
    assert.equal(heard.pending, true);
    assert.deepEqual(heard.unregisteredCells, []);
  });
});

describe('refresh of a feed', () => {
  it('has every record and every reply anew, also at the very first', async () => {
    const [server, world] = [await pooler(), openFeed()];
    await registerCell('a');
    await register(member('p-1'), server);
    const what = request(member('p-1'));
    const beforeMs = systemClock.now();
    const first = await world.feed.refresh(what, 10_000);
    assert.equal(first.pending, false);
    assert.deepEqual(first.replies.get('p-1')?.value, ready);
    assert.ok((first.readAtMs ?? 0) >= beforeMs);
    server.drift(stopped);
    await register(member('p-1'), server, { serving_status: 'DRAINING' });
    const second = await world.feed.refresh(what, 10_000);
    assert.deepEqual(second.replies.get('p-1')?.value, stopped);
    assert.equal(second.entries.get('p-1')?.record.serving_status, 'DRAINING');
    assert.ok((second.readAtMs ?? 0) >= (first.readAtMs ?? 0));
    assert.equal(world.feed.follow(what).readAtMs, second.readAtMs);
    assert.equal(server.calls, 0);
  });

  it('leaves out who does not answer in time', async () => {
    const clock = new FakeClock();
    const [one, two] = [await pooler(), await pooler()];
    const { feed } = openFeed(clock);
    await registerCell('a');
    await register(member('p-1'), one);
    await register(member('p-2'), two);
    const what = request(member('p-1'), member('p-2'));
    await until(feed, what, live('p-1', 'p-2'));
    one.drift(stopped);
    two.freeze();
    const refreshing = feed.refresh(what, 2_000);
    await until(feed, what, isReply('p-1', stopped));
    await eventually('the other is asked', () => two.pending === 1);
    // a refresh that begins later ends its readings later
    const idle = { ...request(member('p-1', { call: false })), key: 'ns/idle' };
    assert.equal((await feed.refresh(idle, 2_000)).error, undefined);
    await clock.advance(2_000);
    const heard = await refreshing;
    assert.deepEqual([...heard.replies.keys()], ['p-1']);
    assert.equal(heard.error, undefined);
    assert.ok(heard.readAtMs !== undefined);
    assert.ok(live('p-2')(feed.follow(what)), 'its last reply still counts elsewhere');
  });

  it('ends in time when the topology server hangs', async () => {
    const own = await startEtcd();
    ends.push(() => void own.remove());
    const clock = new FakeClock();
    const server = await pooler();
    const { feed } = openFeed(clock);
    const what = { ...request(member('p-1')), topo: { ...request().topo, address: own.url } };
    await writeCell(own.client, root, { name: 'a', server_addresses: [own.url], root });
    await register(member('p-1'), server, {}, { client: own.client, root });
    await until(feed, what, live('p-1'));
    own.freeze();
    server.drift(stopped);
    const refreshing = feed.refresh(what, 200);
    await until(feed, what, isReply('p-1', stopped));
    await clock.advance(200);
    const heard = await refreshing;
    assert.ok(heard.error !== undefined);
    assert.deepEqual([...heard.replies.keys()], ['p-1'], 'poolers are asked all the same');
    own.resume();
  });
});
