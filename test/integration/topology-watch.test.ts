import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { systemClock } from '../../kube/clock.ts';
import { EtcdClient } from '../../controller/topo/client.ts';
import { RuntimeEtcd } from '../../emulator/etcd.ts';
import type { ItemChange } from '../../controller/topo/prefix-watch.ts';
import { PrefixWatch } from '../../controller/topo/prefix-watch.ts';
import type { Etcd } from '../support/etcd.ts';
import { startEtcd } from '../support/etcd.ts';
import { eventually } from '../support/kube-api.ts';
import { startProxy } from '../support/proxy.ts';

let etcd: Etcd;
let prefix = '';
let count = 0;
const ends: (() => void)[] = [];

before(async () => {
  etcd = await startEtcd();
});
after(() => etcd.remove());
beforeEach(() => {
  prefix = `/watch-${++count}/`;
});
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

const put = (key: string, value: string) => etcd.client.put(prefix + key, Buffer.from(value));

interface Watched {
  watch: PrefixWatch<string>;
  /** `key: before -> after` of every change, in order. */
  changes: string[];
  /** What was so at each change of the server's reachability. */
  states: string[];
  /** `key=value`, sorted. */
  content: () => string[];
}

const follow = (client: EtcdClient = etcd.client): Watched => {
  const changes: string[] = [];
  const states: string[] = [];
  const text = ({ before: from, after: to }: ItemChange<string>): string =>
    `${(from ?? to)?.kv.key.slice(prefix.length)}: ${from?.value ?? '-'} -> ${to?.value ?? '-'}`;
  const watch: PrefixWatch<string> = new PrefixWatch({
    client: () => client,
    prefix,
    decode: (value) => (value.length === 0 ? undefined : value.toString()),
    clock: systemClock,
    random: () => 0,
    onChanges: (list) => changes.push(...list.map(text)),
    onState: () => states.push(watch.error === undefined ? 'read' : 'unreachable'),
  });
  ends.push(() => watch.close());
  const content = (): string[] =>
    [...watch.items.values()]
      .map(({ kv, value }) => `${kv.key.slice(prefix.length)}=${value}`)
      .toSorted();
  return { watch, changes, states, content };
};

const clientOf = (endpoint: string, options: { progressMs?: number } = {}): EtcdClient => {
  const client = new EtcdClient({ endpoints: [endpoint], timeoutMs: 1_000, ...options });
  ends.push(() => client.close());
  return client;
};

const has = ({ content }: Watched, ...wanted: string[]) =>
  eventually(`${wanted.join(', ')}, not ${content().join(', ')}`, () => {
    return JSON.stringify(content()) === JSON.stringify(wanted);
  });

describe('watch of a prefix', () => {
  it('reads what is there, then hears of each change', async () => {
    await put('a', '1');
    const watched = follow();
    await eventually('the first reading', () => watched.watch.hasSynced);
    assert.deepEqual(watched.changes, ['a: - -> 1']);
    await put('a', '2');
    await put('b', '1');
    await etcd.client.delete(`${prefix}a`);
    await has(watched, 'b=1');
    assert.deepEqual(watched.changes.slice(1), ['a: 1 -> 2', 'b: - -> 1', 'a: 2 -> -']);
    assert.deepEqual(watched.states, ['read']);
  });

  it('leaves out what does not decode, and takes it when it does', async () => {
    await put('a', '');
    const watched = follow();
    await eventually('the first reading', () => watched.watch.hasSynced);
    assert.deepEqual(watched.content(), []);
    await put('a', '1');
    await has(watched, 'a=1');
    await put('a', '');
    await has(watched);
  });

  it('misses nothing while the connection is cut, also when the revisions are compacted', async () => {
    const proxy = await startProxy(etcd.url);
    ends.push(() => proxy.close());
    const watched = follow(clientOf(proxy.address));
    await put('a', '1');
    await put('b', '1');
    await has(watched, 'a=1', 'b=1');
    proxy.cut();
    await eventually('it is told', () => watched.states.at(-1) === 'unreachable');
    assert.match(watched.watch.error ?? '', /etcd Range/);
    await put('a', '2');
    await etcd.client.delete(`${prefix}b`);
    await etcd.compact();
    assert.deepEqual(watched.content(), ['a=1', 'b=1'], 'what is known stays');
    proxy.mend();
    await has(watched, 'a=2');
    assert.deepEqual(watched.states, ['read', 'unreachable', 'read']);
    await put('c', '1');
    await has(watched, 'a=2', 'c=1');
  });

  it('says when the revision to begin from is compacted', async () => {
    await put('a', '1');
    await put('a', '2');
    await etcd.compact();
    const watching = etcd.client.watch(prefix, '1', () => {}, new AbortController().signal);
    await assert.rejects(watching, /compacted up to/);
  });

  it('follows a server that lost its data and counts anew', async () => {
    const own = await startEtcd();
    ends.push(() => void own.remove());
    await own.client.put(`${prefix}a`, Buffer.from('1'));
    await own.client.put(`${prefix}b`, Buffer.from('1'));
    const watched = follow(own.client);
    await has(watched, 'a=1', 'b=1');
    await own.kill();
    own.wipe();
    await own.start();
    // the same key at the same revision, with something else in it
    await own.client.put(`${prefix}a`, Buffer.from('other'));
    await has(watched, 'a=other');
    await own.client.put(`${prefix}c`, Buffer.from('1'));
    await has(watched, 'a=other', 'c=1');
  });

  it('notices a server that is there and says nothing', async () => {
    const own = await startEtcd();
    ends.push(() => void own.remove());
    const client = clientOf(own.url, { progressMs: 200 });
    const writer = new RuntimeEtcd({ endpoints: [own.url] });
    await writer.put(`${prefix}a`, Buffer.from('1'));
    writer.close();
    const watched = follow(client);
    await has(watched, 'a=1');
    own.freeze();
    await eventually('it is told', () => watched.states.at(-1) === 'unreachable');
    own.resume();
    await eventually('it is back', () => watched.states.at(-1) === 'read');
  });

  it('stays open when nothing happens for long', async () => {
    const proxy = await startProxy(etcd.url);
    ends.push(() => proxy.close());
    const client = clientOf(proxy.address, { progressMs: 1_000 });
    const { revision } = await client.snapshot(prefix);
    const stop = new AbortController();
    let ended = false;
    const seen: string[] = [];
    const watching = client
      .watch(
        prefix,
        revision,
        (events) => seen.push(...events.map(({ kv }) => kv.key)),
        stop.signal,
      )
      .finally(() => (ended = true));
    const { received } = proxy;
    // opening takes some 200 bytes, each answer to the question for progress some 40
    await eventually('five answers', () => ended || proxy.received - received > 400);
    assert.equal(ended, false);
    await put('a', '1');
    await eventually('the change', () => seen.length === 1);
    stop.abort();
    await watching;
    assert.equal(client.watching, false);
  });

  it('reads everything anew on request', async () => {
    const watched = follow();
    await eventually('the first reading', () => watched.watch.hasSynced);
    await put('a', '1');
    assert.equal(await watched.watch.refresh(), true);
    assert.deepEqual(watched.content(), ['a=1']);
    const proxy = await startProxy(etcd.url);
    ends.push(() => proxy.close());
    const other = follow(clientOf(proxy.address));
    assert.equal(await other.watch.refresh(), true);
    proxy.cut();
    assert.equal(await other.watch.refresh(), false);
  });

  it('ends with its closing', async () => {
    const client = clientOf(etcd.url);
    const { watch } = follow(client);
    await eventually('a watch', () => client.watching);
    watch.close();
    await eventually('none', () => !client.watching);
  });
});
