import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KINDS, type KubeObject } from '../../../schemas/k8s.ts';
import { StatusRefused } from '../../../controller/apply/status.ts';
import type { Deps } from '../../../controller/deps.ts';
import { createApplier } from '../../../kube/apply.ts';
import { createClient } from '../../../kube/client.ts';
import { KubeError, type ErrorClass } from '../../../kube/errors.ts';
import { createLog } from '../../../kube/log.ts';
import { createManager } from '../../../controller/manager.ts';
import type { Controller, Key, Result } from '../../../controller/controller.ts';
import { createMetrics } from '../../../controller/metrics.ts';
import { isNoise, outcomeOfError } from '../../../controller/outcome.ts';
import { parseOptions } from '../../../controller/options.ts';
import { createFeed } from '../../../controller/dataplane/feed.ts';
import { createFleet } from '../../../controller/fleet.ts';
import { createRpc } from '../../../controller/rpc/client.ts';
import { createTopoAccess } from '../../../controller/topo/access.ts';
import { createWakeups } from '../../../controller/wakeups.ts';
import { createInformers, createStores } from '../../../controller/watched.ts';
import { createWrites } from '../../../controller/own-writes.ts';
import { FakeClock, settle } from '../../support/clock.ts';

const cell = (name: string, resourceVersion: string, spec: object = {}): KubeObject => ({
  apiVersion: 'multigres.com/v1alpha1',
  kind: 'Cell',
  metadata: { name, namespace: 'ns', uid: `uid-${name}`, resourceVersion },
  spec,
});

/** A manager over an API whose lists are empty and whose watches deliver what the test says. */
function setup(
  reconcile: (key: Key) => Promise<Result>,
  sources: Controller['sources'] = [],
  calmMs = 0,
) {
  const clock = new FakeClock();
  const random = () => 0;
  const logged: Record<string, unknown>[] = [];
  const events: string[] = [];
  const deliver = new Map<
    string,
    (type: 'ADDED' | 'MODIFIED' | 'DELETED', o: KubeObject) => void
  >();
  const stores = createStores(() => clock.now());
  const log = createLog('info', (line) => logged.push(JSON.parse(line) as Record<string, unknown>));
  const parsed = parseOptions([], {});
  assert.ok(parsed.ok);
  const metrics = createMetrics();
  const api = createClient({
    transport: { send: () => Promise.reject(new Error('not reached')), close: async () => {} },
    clock,
    random,
  });
  api.list = async () => ({ items: [], resourceVersion: '1' });
  api.watch = (kind, _options, onEvent, signal) =>
    new Promise((resolve) => {
      deliver.set(kind.kind, (type, object) => onEvent({ type, object }));
      signal.addEventListener('abort', () => resolve());
    });
  const topo = createTopoAccess({ now: () => clock.now() });
  const rpc = createRpc(() => clock.now());
  const deps: Deps = {
    kube: api,
    listers: stores,
    applier: createApplier(api, clock),
    clock,
    random,
    log,
    events: {
      event: (_o, _t, reason, text) => events.push(`${reason} ${text}`),
      flush: async () => {},
    },
    metrics,
    topo,
    rpc,
    feed: createFeed({ topo, rpc, clock, random }),
    wakeups: createWakeups(),
    fleet: createFleet(1, () => clock.now()),
    options: parsed.value,
  };
  const informers = createInformers(
    { kube: api, clock, random, log, metrics, options: { watchNamespaces: [] } },
    stores,
  );
  const controller: Controller = { name: 'cell', kind: KINDS.Cell, reconcile, sources, calmMs };
  const writes = createWrites(stores);
  const manager = createManager({ controllers: [controller], informers, deps, writes });
  const stop = new AbortController();
  const running = Promise.all([manager.watch(stop.signal), manager.reconcile(stop.signal)]);
  return {
    clock,
    events,
    logged,
    metrics,
    writes,
    emit: async (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject) => {
      await settle();
      deliver.get(object.kind)?.(type, object);
      await settle();
    },
    stop: async () => {
      stop.abort();
      await running;
    },
  };
}

test('own kind and sources lead to keys; noise does not', async () => {
  const keys: string[] = [];
  const { emit, stop } = setup(
    async ({ name }) => (keys.push(name), {}),
    [{ kind: 'Pod', map: (pod) => [{ namespace: 'ns', name: `of-${pod.metadata.name}` }] }],
  );
  await emit('ADDED', cell('a', '2'));
  await emit('MODIFIED', cell('a', '3'));
  await emit('MODIFIED', cell('a', '4', { changed: true }));
  const metadata = { name: 'p', namespace: 'ns', resourceVersion: '5' };
  await emit('ADDED', { apiVersion: 'v1', kind: 'Pod', metadata });
  await emit('DELETED', cell('a', '6'));
  assert.deepEqual(keys, ['a', 'a', 'of-p', 'a']);
  await stop();
});

test('changes of sources are answered together where that is enough; its own at once', async () => {
  const keys: string[] = [];
  const { clock, emit, stop } = setup(
    async ({ name }) => (keys.push(name), {}),
    [{ kind: 'Pod', map: () => [{ namespace: 'ns', name: 'a' }] }],
    300,
  );
  await emit('ADDED', cell('a', '2'));
  const pod = (resourceVersion: string) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'ns', resourceVersion, labels: { v: resourceVersion } },
  });
  await emit('ADDED', pod('3'));
  await clock.advance(200);
  await emit('MODIFIED', pod('4'));
  assert.deepEqual(keys, ['a']);
  await clock.advance(100);
  assert.deepEqual(keys, ['a', 'a']);
  await emit('MODIFIED', cell('a', '5', { changed: true }));
  assert.equal(keys.length, 3);
  await clock.advance(10_000);
  assert.equal(keys.length, 3);
  await stop();
});

test('looks again after the time a reconcile asks for, not for objects that are gone', async () => {
  const keys: string[] = [];
  const { clock, emit, stop } = setup(
    async ({ name }) => (keys.push(name), { requeueAfterMs: 1000 }),
  );
  await emit('ADDED', cell('a', '2'));
  await clock.advance(2500);
  assert.equal(keys.length, 3);
  await emit('DELETED', cell('a', '3'));
  const before = keys.length;
  await clock.advance(10_000);
  assert.equal(keys.length, before);
  await stop();
});

test('everything is looked at again every 10 min', async () => {
  const keys: string[] = [];
  const { clock, emit, stop } = setup(async ({ name }) => (keys.push(name), {}));
  await emit('ADDED', cell('a', '2'));
  await clock.advance(599_000);
  assert.equal(keys.length, 1);
  await clock.advance(2_000);
  assert.equal(keys.length, 2);
  await stop();
});

test('one line per reconcile that did something, none otherwise', async () => {
  let act = true;
  const { emit, logged, writes, stop } = setup(async ({ namespace, name }) => {
    if (act) writes.onWrite({ verb: 'apply', kind: KINDS.Service, namespace, name: `${name}-gw` });
    act = false;
    return {};
  });
  await emit('ADDED', cell('a', '2'));
  await emit('MODIFIED', cell('a', '3', { x: 1 }));
  const lines = logged.filter(({ msg }) => msg === 'reconciled');
  assert.equal(lines.length, 1);
  const { kind, ns, name, action } = lines[0] ?? {};
  assert.deepEqual([kind, ns, name, action], ['Cell', 'ns', 'a', 'apply Service a-gw']);
  assert.ok('durMs' in (lines[0] ?? {}));
  await stop();
});

const error = (errorClass: ErrorClass, details: { field: string }[] = []) =>
  new KubeError('apply Service ns/x: rejected: secret value', {
    class: errorClass,
    status: 400,
    reason: 'R',
    details: details.map(({ field }) => ({ field, reason: '', message: 'secret value' })),
  });

test('a rejected object is tried again once a minute; its event repeats no values', async () => {
  let tries = 0;
  const { clock, emit, events, stop } = setup(async () => {
    tries++;
    throw error('invalid', [{ field: 'spec.ports' }]);
  });
  await emit('ADDED', cell('a', '2'));
  await clock.advance(59_000);
  assert.equal(tries, 1);
  assert.deepEqual(events, ['FailedApply apply Service ns/x: the API server rejects spec.ports']);
  await emit('MODIFIED', cell('a', '3', { x: 1 }));
  assert.equal(tries, 2);
  await stop();
});

test('conflicts are silent, overload is told from the third time on', async () => {
  let what: ErrorClass = 'conflict';
  const { clock, emit, events, logged, stop } = setup(async () => {
    throw error(what);
  });
  await emit('ADDED', cell('a', '2'));
  await clock.advance(20);
  assert.deepEqual([events, logged], [[], []]);
  what = 'busy';
  await stop();
  const busy = outcomeOfError(error('busy'), undefined);
  assert.deepEqual(busy.outcome, { kind: 'retry', minDelayMs: 0 });
});

test('what a namespace that is being deleted refuses is no error', async () => {
  const { clock, emit, events, logged, metrics, stop } = setup(async () => {
    throw error('ending');
  });
  await emit('ADDED', cell('a', '2'));
  await clock.advance(60_000);
  assert.deepEqual([events, logged], [[], []]);
  assert.doesNotMatch(await metrics.text(), /reconcile_errors_total\{/);
  await stop();
});

test('series of an object that is gone are gone', async () => {
  const { clock, emit, metrics, stop } = setup(async () => {
    throw new Error('no');
  });
  await emit('ADDED', cell('a', '2'));
  assert.match(await metrics.text(), /reconcile_errors_total\{controller="cell",name="a"/);
  await emit('DELETED', cell('a', '3'));
  await clock.advance(1000);
  assert.doesNotMatch(await metrics.text(), /reconcile_errors_total\{/);
  await stop();
});

test('what follows an error depends on its class, also when it is wrapped', () => {
  const kindOf = (e: unknown) => outcomeOfError(e, undefined).outcome;
  assert.deepEqual(kindOf(error('invalid')), { kind: 'retry', minDelayMs: 60_000 });
  assert.deepEqual(kindOf(new Error('wrapped', { cause: error('invalid') })), {
    kind: 'retry',
    minDelayMs: 60_000,
  });
  assert.deepEqual(kindOf(error('denied')), { kind: 'retry', minDelayMs: 60_000 });
  assert.deepEqual(kindOf(error('conflict')), { kind: 'retry' });
  assert.deepEqual(kindOf(new Error('bug')), { kind: 'retry' });
});

test('a refused status is tried again with growing pauses of 30 s at most, and told', async () => {
  const refused = new StatusRefused(error('invalid', [{ field: 'status.podRoles' }]));
  const pauses: unknown[] = [];
  let before: ReturnType<typeof outcomeOfError> | undefined;
  for (let i = 0; i < 7; i++) {
    before = outcomeOfError(refused, before);
    pauses.push(before.outcome);
  }
  const seconds = [1, 2, 4, 8, 16, 30, 30];
  assert.deepEqual(
    pauses,
    seconds.map((s) => ({ kind: 'after', ms: s * 1000 })),
  );

  let tries = 0;
  const { clock, emit, events, logged, stop } = setup(async () => {
    tries++;
    throw refused;
  });
  const object = cell('a', '2');
  object.metadata.labels = { 'multigres.com/cluster': 'demo' };
  await emit('ADDED', object);
  await clock.advance(3500);
  assert.equal(tries, 3);
  assert.deepEqual(
    [...new Set(events)],
    ['StatusError apply Service ns/x: the API server rejects status.podRoles'],
  );
  const line = logged.find(({ msg }) => msg === 'status refused: what is shown is old');
  assert.deepEqual([line?.['ns'], line?.['name'], line?.['cluster']], ['ns', 'a', 'demo']);
  await stop();
});

test('a terminal result is told once and does not come back by itself', async () => {
  let tries = 0;
  const { clock, emit, logged, stop } = setup(async () => {
    tries++;
    return { terminal: 'template x does not exist' };
  });
  await emit('ADDED', cell('a', '2'));
  await emit('MODIFIED', cell('a', '3', { x: 1 }));
  await clock.advance(60_000);
  assert.equal(tries, 2);
  assert.equal(logged.filter(({ reason }) => reason === 'template x does not exist').length, 1);
  await stop();
});

test('noise is a change of nothing but the version', () => {
  const change = (old: KubeObject, object: KubeObject) =>
    isNoise({ type: 'updated', old, object, initial: false });
  assert.equal(change(cell('a', '1'), cell('a', '2')), true);
  assert.equal(change(cell('a', '1'), cell('a', '2', { x: 1 })), false);
  assert.equal(change(cell('a', '1'), { ...cell('a', '2'), status: { ready: true } }), false);
});
