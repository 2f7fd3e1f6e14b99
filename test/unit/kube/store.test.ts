import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../../schemas/k8s.ts';
import { Store } from '../../../kube/store.ts';
import { trim } from '../../../kube/transform.ts';

function pod(
  name: string,
  version: string,
  more: Partial<KubeObject['metadata']> = {},
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'ns', uid: `uid-${name}`, resourceVersion: version, ...more },
    spec: { nodeName: `node-${version}` },
  };
}

function setup() {
  const time = { nowMs: 1_000_000 };
  const store = new Store({ now: () => time.nowMs, transform: trim, freeze: true });
  const replace = (items: KubeObject[], startedMs = time.nowMs, namespace?: string) =>
    store.replace(items, { startedMs, initial: false, ...(namespace ? { namespace } : {}) });
  const version = (name: string) => store.get('ns', name)?.metadata.resourceVersion;
  return { store, time, replace, version };
}

test('a list is told as the difference to what was known', () => {
  const { replace } = setup();
  replace([pod('a', '1'), pod('b', '2'), pod('c', '3')]);
  const changes = replace([pod('a', '1'), pod('b', '5'), pod('d', '6')]);
  assert.deepEqual(
    changes.map(({ type, object }) => `${type} ${object.metadata.name}`),
    ['updated b', 'added d', 'deleted c'],
  );
});

test('a list of one namespace leaves the others alone', () => {
  const { store, replace } = setup();
  store.applyEvent('ADDED', pod('a', '1'));
  store.applyEvent('ADDED', { ...pod('x', '2'), metadata: { name: 'x', namespace: 'other' } });
  const changes = replace([], undefined, 'ns');
  assert.deepEqual(
    changes.map((c) => c.object.metadata.name),
    ['a'],
  );
  assert.equal(store.list('other').length, 1);
});

test('the names of a namespace are gathered again only after a change there', () => {
  const { store } = setup();
  const other = { ...pod('x', '2'), metadata: { name: 'x', namespace: 'other' } };
  store.applyEvent('ADDED', pod('a', '1'));
  const first = store.byName('ns');
  assert.deepEqual(Object.keys(first), ['a']);
  store.applyEvent('ADDED', other);
  assert.equal(store.byName('ns'), first);
  store.applyEvent('MODIFIED', pod('a', '2'));
  assert.equal(store.byName('ns')['a'], store.get('ns', 'a'));
  store.applyEvent('DELETED', pod('a', '2'));
  assert.deepEqual(store.byName('ns'), {});
  assert.deepEqual(Object.keys(store.byName('other')), ['x']);
});

test('indexes follow every change', () => {
  const { store } = setup();
  const owner = { apiVersion: 'v1', kind: 'X', name: 'o', uid: 'o-uid', controller: true };
  const labels = { 'multigres.com/cluster': 'demo' };
  store.applyEvent('ADDED', pod('a', '1', { ownerReferences: [owner], labels }));
  assert.equal(store.byIndex('owner', 'o-uid').length, 1);
  assert.equal(store.byIndex('cluster', 'ns/demo').length, 1);
  assert.equal(store.byIndex('node', 'node-1').length, 1);
  store.applyEvent('MODIFIED', pod('a', '2'));
  assert.equal(store.byIndex('owner', 'o-uid').length, 0);
  assert.equal(store.byIndex('node', 'node-1').length, 0);
  assert.equal(store.byIndex('node', 'node-2').length, 1);
  store.applyEvent('DELETED', pod('a', '3'));
  assert.equal(store.byIndex('node', 'node-2').length, 0);
});

test('an own create is visible before its event', () => {
  const { store, version } = setup();
  store.observe(pod('a', '7'));
  assert.equal(version('a'), '7');
  const change = store.applyEvent('ADDED', pod('a', '7'));
  assert.equal(change?.type, 'added');
});

test('an older event that arrives after an own write does not turn it back', () => {
  const { store, version } = setup();
  store.applyEvent('ADDED', pod('a', '5'));
  store.observe(pod('a', '7'));
  assert.equal(store.applyEvent('MODIFIED', pod('a', '6')), undefined);
  assert.equal(version('a'), '7');
  const change = store.applyEvent('MODIFIED', pod('a', '7'));
  assert.equal(change?.old?.metadata.resourceVersion, '6');
  store.applyEvent('MODIFIED', pod('a', '8'));
  assert.equal(version('a'), '8');
});

test('an answer that arrives after its own event changes nothing', () => {
  const { store, version } = setup();
  store.applyEvent('ADDED', pod('a', '5'));
  store.applyEvent('MODIFIED', pod('a', '7'));
  store.applyEvent('MODIFIED', pod('a', '8'));
  store.observe(pod('a', '7'));
  assert.equal(version('a'), '8');
});

test('an own write whose event never comes gives way after 30 s', () => {
  const { store, time, version } = setup();
  store.applyEvent('ADDED', pod('a', '5'));
  store.observe(pod('a', '7'));
  store.observe(pod('new', '8'));
  store.applyEvent('MODIFIED', pod('a', '9'));
  time.nowMs += 29_000;
  assert.equal(version('a'), '7');
  time.nowMs += 2_000;
  assert.equal(version('a'), '9');
  assert.equal(version('new'), undefined);
});

test('a list asked for before an own write does not turn it back, a later one decides', () => {
  const { store, time, replace, version } = setup();
  replace([pod('a', '5')]);
  const startedMs = time.nowMs;
  time.nowMs += 10;
  store.observe(pod('a', '7'));
  store.observe(pod('b', '8'));
  replace([pod('a', '5')], startedMs);
  assert.equal(version('a'), '7');
  assert.equal(version('b'), '8');
  time.nowMs += 10;
  const changes = replace([pod('a', '7')], time.nowMs);
  assert.deepEqual(
    changes.map(({ type, object }) => `${type} ${object.metadata.name}`),
    ['updated a'],
  );
  assert.equal(version('b'), undefined);
});

test('an object that was deleted stays away until it is made anew', () => {
  const { store, version } = setup();
  store.applyEvent('ADDED', pod('a', '5'));
  store.observeDeleted('ns', 'a', 'uid-a');
  assert.equal(version('a'), undefined);
  assert.equal(store.applyEvent('MODIFIED', pod('a', '6')), undefined);
  assert.equal(version('a'), undefined);
  const gone = store.applyEvent('DELETED', pod('a', '7'));
  assert.equal(gone?.type, 'deleted');
  assert.equal(gone?.old?.metadata.resourceVersion, '6');
  store.applyEvent('ADDED', pod('a', '8', { uid: 'uid-a2' }));
  assert.equal(version('a'), '8');
});

test('a delete of another object of that name hides nothing', () => {
  const { store, version } = setup();
  store.applyEvent('ADDED', pod('a', '5'));
  store.observeDeleted('ns', 'a', 'uid-of-its-predecessor');
  assert.equal(version('a'), '5');
});

test('the end of a predecessor does not remove an own successor', () => {
  const { store, version } = setup();
  store.applyEvent('ADDED', pod('a', '5'));
  store.observeDeleted('ns', 'a', 'uid-a');
  store.observe(pod('a', '9', { uid: 'uid-a2' }));
  assert.equal(store.applyEvent('DELETED', pod('a', '8')), undefined);
  assert.equal(version('a'), '9');
});

test('bookkeeping and noise are dropped before storing', () => {
  const { store } = setup();
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}', keep: 'me' };
  const raw = pod('a', '1', { annotations });
  (raw.metadata as unknown as Record<string, unknown>)['managedFields'] = [{ manager: 'x' }];
  store.applyEvent('ADDED', raw);
  assert.deepEqual(store.get('ns', 'a')?.metadata.annotations, { keep: 'me' });
  assert.equal('managedFields' in (store.get('ns', 'a')?.metadata ?? {}), false);
});

test('of a node only taints and readiness are kept', () => {
  const node = trim({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n', labels: { 'topology.kubernetes.io/zone': 'z' } },
    spec: { podCIDR: '10.0.0.0/24', taints: [{ key: 'k', effect: 'NoSchedule' }] },
    status: {
      images: [1, 2, 3],
      conditions: [
        { type: 'Ready', status: 'True', lastHeartbeatTime: 'now' },
        { type: 'DiskPressure', status: 'False' },
      ],
    },
  });
  assert.deepEqual(node.spec, { taints: [{ key: 'k', effect: 'NoSchedule' }] });
  assert.deepEqual(node.status, { conditions: [{ type: 'Ready', status: 'True' }] });
});
