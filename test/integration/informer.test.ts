import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { KINDS, type KubeObject } from '../../schemas/k8s.ts';
import type { KubeApi } from '../../kube/api.ts';
import { systemClock } from '../../kube/clock.ts';
import { KubeError } from '../../kube/errors.ts';
import { Informer } from '../../kube/informer.ts';
import { Store, type Change } from '../../kube/store.ts';
import { trim } from '../../kube/transform.ts';
import { createLog } from '../../kube/log.ts';
import { createStores } from '../../controller/watched.ts';
import { createWrites } from '../../controller/own-writes.ts';
import {
  configMap,
  countingTransport,
  eventually,
  makeNamespace,
  testClient,
  type CountingTransport,
} from '../support/kube-api.ts';
import { kubectl } from '../support/cluster.ts';

const crd = new URL('../../chart/files/crds/multigres.com_celltemplates.yaml', import.meta.url)
  .pathname;
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
  ({ name: ns, remove: removeNamespace } = await makeNamespace(api, 'informer'));
});
after(async () => {
  await removeNamespace();
  await transport.close();
});

const ref = (name: string) => ({ kind: KINDS.ConfigMap, namespace: ns, name });

describe('informer', { timeout: 60_000 }, () => {
  const open: (() => void)[] = [];
  afterEach(() => {
    for (const close of open.splice(0)) close();
  });

  const run = (
    store: Store,
    more: Partial<ConstructorParameters<typeof Informer>[0]> = {},
  ): { informer: Informer; changes: Change[]; restarts: string[]; stop: () => Promise<void> } => {
    const changes: Change[] = [];
    const restarts: string[] = [];
    const informer = new Informer({
      api,
      kind: KINDS.ConfigMap,
      namespace: ns,
      store,
      clock: systemClock,
      random,
      log,
      labelSelector: 'test=informer',
      onRestart: (reason) => restarts.push(reason),
      ...more,
    });
    informer.onChange((change) => changes.push(change));
    const abort = new AbortController();
    open.push(() => abort.abort());
    const running = informer.start(abort.signal);
    const stop = async () => {
      abort.abort();
      await running;
    };
    return { informer, changes, restarts, stop };
  };
  const labelled = (name: string, data: Record<string, string> = {}) =>
    configMap(ns, name, data, { test: 'informer' });

  test('pages through the first list, then follows changes', async () => {
    for (let i = 0; i < 7; i++) await api.create(labelled(`page-${i}`));
    await api.create(configMap(ns, 'not-selected'));
    const store = new Store({ now, transform: trim });
    transport.requests.length = 0;
    const { informer, changes, stop } = run(store, { pageSize: 3 });
    await informer.whenSynced();
    const pages = transport.requests.filter((r) => r.path.includes('limit=3'));
    assert.equal(pages.length, 3);
    assert.equal(store.list().length, 7);
    assert.ok(changes.every((change) => change.initial && change.type === 'added'));
    assert.equal(store.get(ns, 'page-0')?.kind, 'ConfigMap');

    await api.create(labelled('live'));
    await eventually('create seen', () => store.get(ns, 'live'));
    await api.mergePatch(ref('live'), { data: { x: 'y' } });
    await eventually('update seen', () => store.get(ns, 'live')?.data?.['x'] === 'y');
    await api.mergePatch(ref('live'), { metadata: { labels: { test: null } } });
    await eventually('leaving the selection is a delete', () => !store.get(ns, 'live'));
    assert.deepEqual(
      changes.filter((c) => c.object.metadata.name === 'live').map((c) => [c.type, c.initial]),
      [
        ['added', false],
        ['updated', false],
        ['deleted', false],
      ],
    );
    await stop();
  });

  test('metadata only: no content is fetched', async () => {
    await api.create(labelled('secretive', { password: 'x' }));
    const store = new Store({ now });
    const { informer, stop } = run(store, { metadataOnly: true });
    await informer.whenSynced();
    const found = store.get(ns, 'secretive');
    assert.equal(found?.data, undefined);
    assert.equal(found?.kind, 'ConfigMap');
    assert.equal(found?.apiVersion, 'v1');
    await api.create(labelled('secretive-2', { password: 'x' }));
    const live = await eventually('create seen', () => store.get(ns, 'secretive-2'));
    assert.equal(live.data, undefined);
    await stop();
  });

  test('a watch that is cut goes on where it was, without a new list', async () => {
    const cuts: (() => void)[] = [];
    const cutting: KubeApi = {
      ...api,
      watch(kind, options, onEvent, signal) {
        const cut = new AbortController();
        cuts.push(() => cut.abort());
        return api.watch(kind, options, onEvent, AbortSignal.any([signal, cut.signal])).then(() => {
          throw new KubeError('cut', { class: 'busy', status: 0, reason: 'ECONNRESET' });
        });
      },
    };
    const store = new Store({ now });
    const { informer, restarts, stop } = run(store, { api: cutting });
    await informer.whenSynced();
    await eventually('watch open', () => cuts.length === 1);
    await api.create(labelled('before-cut'));
    await eventually('seen before', () => store.get(ns, 'before-cut'));
    transport.requests.length = 0;
    cuts[0]?.();
    await api.create(labelled('during-cut'));
    await eventually('seen after', () => store.get(ns, 'during-cut'));
    const lists = transport.requests.filter(
      (r) => r.method === 'GET' && !r.path.includes('watch='),
    );
    assert.equal(lists.length, 0);
    assert.ok(restarts.length > 0 && !restarts.includes('relist'));
    await stop();
  });

  test('a position that is too old leads to a new list that tells the difference', async () => {
    let first = true;
    // The server's memory of a kind begins when the kind is installed.
    kubectl(['apply', '--server-side', '--force-conflicts', '-f', crd]);
    kubectl(['wait', '--for=condition=Established', '--timeout=30s', '-f', crd]);
    const template = (name: string): KubeObject => ({
      apiVersion: 'multigres.com/v1alpha1',
      kind: 'CellTemplate',
      metadata: { name, namespace: ns, labels: { test: 'informer' } },
    });
    const forgetful: KubeApi = {
      ...api,
      // Version 1 is from before the server began to remember: it answers 410.
      watch: (kind, options, onEvent, signal) => {
        const resourceVersion = first ? '1' : options.resourceVersion;
        first = false;
        return api.watch(kind, { ...options, resourceVersion }, onEvent, signal);
      },
      list: async (kind, options) => {
        const answer = await api.list(kind, options);
        if (first) await api.create(template('between-list-and-watch'));
        return answer;
      },
    };
    const store = new Store({ now });
    const { restarts, stop } = run(store, { api: forgetful, kind: KINDS.CellTemplate });
    await eventually('found by the new list', () => store.get(ns, 'between-list-and-watch'));
    assert.deepEqual(restarts, ['relist']);
    await stop();
  });

  test('a silent watch is given up and opened again', async () => {
    const store = new Store({ now });
    const { informer, restarts, stop } = run(store, { inactivityMs: 300 });
    await informer.whenSynced();
    await eventually('restarted', () => restarts.length > 0);
    await api.create(labelled('after-silence'));
    await eventually('still works', () => store.get(ns, 'after-silence'));
    await stop();
  });

  test('a kind that is not served counts as empty when optional', async () => {
    const store = new Store({ now });
    const { informer, stop } = run(store, { kind: KINDS.Certificate, optional: true });
    await informer.whenSynced();
    assert.equal(store.list().length, 0);
    await stop();
  });

  test('an own write is visible at once, and the informer still tells of it', async () => {
    const stores = createStores(now);
    const writes = createWrites(stores);
    const writer = testClient(transport, {
      onWrite: (write) => writes.onWrite(write),
      knownVersion: (of) => writes.knownVersion(of),
    });
    const { informer, changes, stop } = run(stores.ConfigMap);
    await informer.whenSynced();
    const actions: string[] = [];
    await writes.track(actions, async () => {
      await writer.apply(labelled('own', { a: '1' }));
      assert.equal(stores.ConfigMap.get(ns, 'own')?.data?.['a'], '1');
      await writer.apply(labelled('own', { a: '2' }));
      await writer.apply(labelled('own', { a: '2' }));
      assert.equal(stores.ConfigMap.get(ns, 'own')?.data?.['a'], '2');
      await writer.delete(ref('own'));
      assert.equal(stores.ConfigMap.get(ns, 'own'), undefined);
    });
    assert.deepEqual(actions, [
      'apply ConfigMap own',
      'apply ConfigMap own',
      'delete ConfigMap own',
    ]);
    await eventually('delete told', () =>
      changes.some((c) => c.type === 'deleted' && c.object.metadata.name === 'own'),
    );
    assert.equal(stores.ConfigMap.get(ns, 'own'), undefined);
    await stop();
  });
});
