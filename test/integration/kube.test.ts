import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { KINDS, type KubeObject } from '../../schemas/k8s.ts';
import { createApplier } from '../../kube/apply.ts';
import type { KubeApi } from '../../kube/api.ts';
import { systemClock } from '../../kube/clock.ts';
import { KubeError, isKubeError } from '../../kube/errors.ts';
import { createEventRecorder } from '../../kube/events.ts';
import { runWithLease } from '../../kube/lease.ts';
import { trim } from '../../kube/transform.ts';
import { createLog } from '../../kube/log.ts';
import {
  configMap,
  countingTransport,
  eventually,
  makeNamespace,
  testClient,
  type CountingTransport,
} from '../support/kube-api.ts';

const now = () => Date.now();
const log = createLog('error');
const random = () => 0.1;

let transport: CountingTransport;
let api: KubeApi;
let ns: string;
let removeNamespace: () => Promise<void>;

before(async () => {
  transport = countingTransport();
  api = testClient(transport);
  ({ name: ns, remove: removeNamespace } = await makeNamespace(api, 'kube-layer'));
});
after(async () => {
  await removeNamespace();
  await transport.close();
});

const ref = (name: string) => ({ kind: KINDS.ConfigMap, namespace: ns, name });

describe('requests', () => {
  test('create, read, patch and delete; absence is a value', async () => {
    assert.equal(await api.get(ref('crud')), undefined);
    const made = await api.create(configMap(ns, 'crud', { a: '1' }));
    assert.equal(made.kind, 'ConfigMap');
    await api.mergePatch(ref('crud'), { data: { b: '2' } });
    assert.deepEqual((await api.get(ref('crud')))?.data, { a: '1', b: '2' });
    assert.equal(await api.delete(ref('crud')), true);
    assert.equal(await api.delete(ref('crud')), false);
  });

  test('errors carry their meaning', async () => {
    const classOf = async (work: Promise<unknown>) => {
      const error = await work.then(
        () => undefined,
        (caught: unknown) => caught,
      );
      assert.ok(error instanceof KubeError, 'throws a KubeError');
      return error;
    };
    await api.create(configMap(ns, 'errors'));
    assert.equal((await classOf(api.create(configMap(ns, 'errors')))).class, 'exists');
    const stale = { metadata: { resourceVersion: '1' }, data: { a: '1' } };
    assert.equal((await classOf(api.mergePatch(ref('errors'), stale))).class, 'conflict');
    assert.equal((await classOf(api.mergePatch(ref('nowhere'), {}))).class, 'gone');
    const uid = '00000000-0000-0000-0000-000000000000';
    assert.equal((await classOf(api.delete(ref('errors'), { uid }))).class, 'conflict');
    const invalid = await classOf(api.create(configMap(ns, 'Not A Name')));
    assert.equal(invalid.class, 'invalid');
    assert.equal(invalid.details[0]?.field, 'metadata.name');
  });

  test('a server that nobody listens at is busy, within the deadline', async () => {
    const dead = testClient(
      {
        send: async () => {
          throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
        },
        close: async () => {},
      },
      { deadlineMs: 700 },
    );
    const startMs = now();
    await assert.rejects(dead.get(ref('x')), (e) => isKubeError(e, 'busy'));
    assert.ok(now() - startMs < 2000);
  });

  test('one connection pool serves many requests', async () => {
    await Promise.all(Array.from({ length: 20 }, () => api.get(ref('errors'))));
    const startMs = now();
    for (let i = 0; i < 50; i++) await api.get(ref('errors'));
    // A TLS handshake each would take several times as long.
    assert.ok(now() - startMs < 1500, `${now() - startMs} ms for 50 requests`);
  });
});

describe('apply', () => {
  const service = (port: number): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'applied', namespace: ns, labels: { a: 'b' } },
    spec: { selector: { x: 'y' }, ports: [{ name: 'http', port }] },
  });
  const read = () => api.get({ kind: KINDS.Service, namespace: ns, name: 'applied' });

  test('an unchanged intent costs no request, a foreign edit is put right', async () => {
    const applier = createApplier(api, systemClock);
    const first = await applier.apply(service(80), undefined);
    assert.equal(first.changed, true);
    transport.requests.length = 0;
    const again = await applier.apply(service(80), trim(first.object));
    assert.equal(again.changed, false);
    assert.equal(transport.requests.length, 0);

    // Somebody writes status: not our concern.
    await api.mergePatch(
      { kind: KINDS.Service, namespace: ns, name: 'applied' },
      {
        status: {
          conditions: [
            {
              type: 'Foreign',
              status: 'True',
              reason: 'R',
              message: '',
              lastTransitionTime: '2026-01-01T00:00:00Z',
            },
          ],
        },
      },
      { subresource: 'status' },
    );
    let observed = await read();
    transport.requests.length = 0;
    await applier.apply(service(80), observed);
    assert.equal(transport.requests.length, 0);

    await api.mergePatch(
      { kind: KINDS.Service, namespace: ns, name: 'applied' },
      { metadata: { labels: { a: 'edited' } } },
    );
    observed = await read();
    const mended = await applier.apply(service(80), observed);
    assert.equal(mended.changed, true);
    assert.equal(mended.object.metadata.labels?.['a'], 'b');

    const other = await applier.apply(service(81), mended.object);
    assert.equal(other.changed, true);
    transport.requests.length = 0;
    await applier.apply(service(81), await read());
    assert.equal(transport.requests.length, 1, 'only the read of this test');
  });

  test('a new process sends nothing, but for what somebody changed meanwhile', async () => {
    const ref = { kind: KINDS.Service, namespace: ns, name: 'applied' };
    const observed = await read();
    transport.requests.length = 0;
    const result = await createApplier(api, systemClock).apply(service(81), observed);
    assert.equal(result.changed, false);
    assert.equal(transport.requests.length, 0);
    for (const foreign of [{ labels: { a: null } }, { labels: { a: 'edited' } }]) {
      const edited = await api.mergePatch(ref, { metadata: foreign });
      const mended = await createApplier(api, systemClock).apply(service(81), edited);
      assert.equal(mended.object.metadata.labels?.['a'], 'b');
    }
    const more = await api.mergePatch(ref, { metadata: { labels: { theirs: 'stays' } } });
    const kept = await createApplier(api, systemClock).apply(service(81), more);
    assert.deepEqual([kept.changed, kept.object.metadata.labels?.['theirs']], [false, 'stays']);
  });

  test('a field that is no longer wanted goes, also in a new process', async () => {
    const { selector: _, ...spec } = service(81).spec as Record<string, unknown>;
    const observed = await read();
    const { object } = await createApplier(api, systemClock).apply(
      { ...service(81), spec },
      observed,
    );
    assert.equal((object.spec as { selector?: unknown }).selector, undefined);
  });

  test('what is stored otherwise than it was sent costs one request for each process', async () => {
    const labels = { app: 'odd' };
    const container = { name: 'c', image: 'i', resources: { requests: { cpu: '1000m' } } };
    const deployment: KubeObject = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'odd', namespace: ns },
      spec: {
        replicas: 0,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container] } },
      },
    };
    const applier = createApplier(api, systemClock);
    const { object } = await applier.apply(deployment, undefined);
    for (const [next, requests] of [
      [applier, 0],
      [createApplier(api, systemClock), 1],
    ] as const) {
      transport.requests.length = 0;
      assert.equal((await next.apply(deployment, object)).changed, false);
      assert.equal(transport.requests.length, requests);
    }
  });

  test('a status is written only when it differs; conditions keep their time', async () => {
    const clock = { now: () => Date.UTC(2026, 0, 1) };
    const applier = createApplier(api, clock);
    const object = await read();
    assert.ok(object);
    const status = (state: 'True' | 'False', reason: string) => ({
      conditions: [{ type: 'Ready', status: state, reason, message: 'm', lastTransitionTime: '' }],
    });
    const first = await applier.applyStatus(object, status('True', 'A'), object);
    assert.equal(first.changed, true);
    transport.requests.length = 0;
    clock.now = () => Date.UTC(2026, 0, 2);
    const same = await applier.applyStatus(object, status('True', 'A'), first.object);
    assert.equal(same.changed, false);
    assert.equal(transport.requests.length, 0);
    const timeOf = (o: KubeObject) =>
      (o.status as { conditions: { type: string; lastTransitionTime: string }[] }).conditions.find(
        ({ type }) => type === 'Ready',
      )?.lastTransitionTime;
    const reason = await applier.applyStatus(object, status('True', 'B'), first.object);
    assert.equal(timeOf(reason.object), '2026-01-01T00:00:00Z');
    const flipped = await applier.applyStatus(object, status('False', 'B'), reason.object);
    assert.equal(timeOf(flipped.object), '2026-01-02T00:00:00Z');
  });
});

describe('events', () => {
  test('the same text is written once, other texts are', async () => {
    const object = await api.create(configMap(ns, 'told'));
    const recorder = createEventRecorder({ api, clock: systemClock, instance: 'one', log });
    for (let i = 0; i < 5; i++) recorder.event(object, 'Normal', 'Applied', 'all well');
    recorder.event(object, 'Warning', 'Applied', 'not well');
    await recorder.flush(5000);
    const { items } = await api.list(KINDS.Event, {
      namespace: ns,
      fieldSelector: 'involvedObject.name=told',
    });
    assert.deepEqual(
      items.map((event) => (event as unknown as { message: string }).message).sort(),
      ['all well', 'not well'],
    );
  });

  test('an event that cannot be written harms nobody', async () => {
    const recorder = createEventRecorder({ api, clock: systemClock, instance: 'one', log });
    recorder.event(configMap('no-such-namespace', 'x'), 'Normal', 'Applied', 'm');
    await recorder.flush(5000);
  });
});

describe('lease', () => {
  const times = { durationMs: 2000, renewDeadlineMs: 1500, retryMs: 200 };
  const contender = (identity: string, client = api) => {
    const stop = new AbortController();
    const state = { leading: false, end: undefined as string | undefined };
    const ended = runWithLease(
      {
        api: client,
        namespace: ns,
        name: 'op',
        identity,
        clock: systemClock,
        random,
        log: createLog('error'),
        times,
      },
      async (signal) => {
        state.leading = true;
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        state.leading = false;
      },
      stop.signal,
    ).then((end) => (state.end = end));
    return { state, ended, stop: () => stop.abort() };
  };

  test('one leads; released, the other follows at once; cut off, it loses before another leads', async () => {
    const a = contender('a');
    await eventually('a leads', () => a.state.leading);
    const b = contender('b');
    await new Promise((resolve) => setTimeout(resolve, 2500));
    assert.equal(b.state.leading, false, 'renewed, so not taken over');
    a.stop();
    await a.ended;
    assert.equal(a.state.end, 'released');
    const releasedMs = now();
    await eventually('b leads', () => b.state.leading);
    assert.ok(now() - releasedMs < 1500, 'faster than waiting for the lease to expire');
    b.stop();
    await b.ended;

    let cutOff = false;
    const fragile: KubeApi = {
      ...api,
      mergePatch: (...args) =>
        cutOff
          ? Promise.reject(new KubeError('cut', { class: 'busy', status: 0, reason: 'x' }))
          : api.mergePatch(...args),
    };
    const c = contender('c', fragile);
    await eventually('c leads', () => c.state.leading);
    const d = contender('d');
    cutOff = true;
    await eventually('d leads', () => d.state.leading);
    assert.equal(c.state.leading, false);
    await c.ended;
    assert.equal(c.state.end, 'lost');
    d.stop();
    await d.ended;
  });
});
