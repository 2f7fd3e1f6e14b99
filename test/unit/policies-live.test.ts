import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../schemas/k8s.ts';
import { knownLive, LIVE_LIMIT_MS, liveOf } from '../../webhook/policies/live.ts';
import type { World } from '../../webhook/policies/world.ts';

const cluster = (metadata: object, status?: object): KubeObject => ({
  apiVersion: 'multigres.com/v1alpha1',
  kind: 'MultigresCluster',
  metadata: { name: 'm', namespace: 'ns', ...metadata },
  spec: {},
  ...(status ? { status } : {}),
});
const begun = cluster({ finalizers: ['multigres.com/cluster-cleanup'] });
const fresh: World = { shards: [], claims: [], liveAgeMs: 1000, nowMs: 1 };
const shard = { kind: 'Shard', metadata: { name: 's' } } as never;

test('nothing can be lost of an object that is not stored, or that the controller has not begun with', () => {
  assert.equal(liveOf({ world: {} }).kind, 'untouched');
  assert.equal(liveOf({ old: cluster({}), world: {} }).kind, 'untouched');
  assert.equal(liveOf({ old: cluster({}, {}), world: {} }).kind, 'untouched');
  assert.equal(
    liveOf({ old: cluster({ finalizers: ['other/one'] }), world: {} }).kind,
    'untouched',
  );
});

test('a finalizer of the controller, a status, a Shard or a volume says that it has begun', () => {
  const old = cluster({});
  assert.equal(liveOf({ old: begun, world: {} }).kind, 'unknown');
  assert.equal(liveOf({ old: cluster({}, { phase: 'Healthy' }), world: {} }).kind, 'unknown');
  assert.equal(liveOf({ old, world: { shards: [shard], claims: [] } }).kind, 'unknown');
  const claim = { name: 'c', labels: {}, accessModes: [], bound: true };
  assert.equal(liveOf({ old, world: { shards: [], claims: [claim] } }).kind, 'unknown');
});

test('the state is known for 30 seconds, and only with shards, volumes and a clock', () => {
  const at = (world: World) => liveOf({ old: begun, world });
  const why = (world: World) => {
    const live = at(world);
    return live.kind === 'unknown' ? live.why : live.kind;
  };
  assert.equal(at(fresh).kind, 'known');
  assert.equal(at({ ...fresh, liveAgeMs: LIVE_LIMIT_MS }).kind, 'known');
  assert.match(why({ ...fresh, liveAgeMs: LIVE_LIMIT_MS + 1000 }), /is 31 s old, more than 30 s/);
  assert.match(why({ shards: [], claims: [], nowMs: 1 }), /nothing is heard/);
  assert.match(why({ shards: [], claims: [], liveAgeMs: 1 }), /nothing is heard/);
  assert.match(why({ claims: [], liveAgeMs: 1, nowMs: 1 }), /its Shards could not be read/);
  assert.match(why({ shards: [], liveAgeMs: 1, nowMs: 1 }), /its volume claims could not be read/);
});

test('knownLive gives the state only when it is known', () => {
  assert.deepEqual(knownLive({ old: begun, world: fresh }), { shards: [], claims: [], nowMs: 1 });
  assert.equal(knownLive({ old: begun, world: {} }), undefined);
  assert.equal(knownLive({ world: fresh }), undefined);
});
