import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Store } from '../../../kube/store.ts';
import type { KubeObject } from '../../../schemas/k8s.ts';
import type { WorldKind } from '../../../webhook/live.ts';
import { WORLD_KINDS } from '../../../webhook/live.ts';
import type { AdmissionRequest } from '../../../webhook/review.ts';
import { worldFor, type WorldDeps } from '../../../webhook/world.ts';

const object = (kind: string, name: string, rest: object = {}, labels = {}): KubeObject => ({
  apiVersion: 'multigres.com/v1alpha1',
  kind,
  metadata: { name, namespace: 'ns', labels, resourceVersion: '1' },
  ...rest,
});
const of = (cluster: string) => ({ 'multigres.com/cluster': cluster });
const cluster = (name: string, shardTemplate: string): KubeObject =>
  object('MultigresCluster', name, {
    spec: { templateDefaults: { coreTemplate: 'c', cellTemplate: 'c', shardTemplate } },
  });
const template = (name: string, spec: object): KubeObject =>
  object('ShardTemplate', name, { spec });

const COPIES: KubeObject[] = [
  cluster('a', 't'),
  cluster('b', 'other'),
  object('CoreTemplate', 'c', { spec: {} }),
  object('CellTemplate', 'c', { spec: {} }),
  template('t', { initdbArgs: 'x' }),
  template('other', {}),
  ...['a', 'b'].flatMap((name) => [
    object('Shard', `shard-${name}`, {}, of(name)),
    object('PersistentVolumeClaim', `claim-${name}`, {}, of(name)),
  ]),
];

/** What is known, and what had to be read for it. */
async function ask(request: Partial<AdmissionRequest>) {
  const stores = Object.fromEntries(
    WORLD_KINDS.map((kind) => {
      const store = new Store({ now: () => 0 });
      const items = COPIES.filter((one) => one.kind === kind);
      store.replace(items, { startedMs: 0, initial: true });
      return [kind, store];
    }),
  ) as Record<WorldKind, Store>;
  const reads: string[] = [];
  const deps: WorldDeps = {
    kube: {
      get: ({ kind, name }) => {
        reads.push(`${kind.kind} ${name}`);
        return Promise.resolve(undefined);
      },
      list: () => Promise.reject(new Error('nothing is listed')),
    },
    clock: { now: () => 5000 },
    zoneLabels: [],
    controllerAgeMs: () => {
      reads.push('lease');
      return Promise.resolve(1000);
    },
    log: { warn: () => {} },
    live: {
      listers: stores,
      nodes: () => [],
      storageClasses: () => [],
      secretKeys: () => Promise.resolve(null),
      defaultTemplate: () => Promise.resolve(null),
      lostMs: () => 0,
    },
  };
  const world = await worldFor(deps, 'ShardTemplate', {
    namespace: 'ns',
    name: 't',
    operation: 'UPDATE',
    oldObject: template('t', { initdbArgs: 'x' }),
    ...request,
  } as AdmissionRequest);
  return { world, reads };
}

test('an edit of a template knows its clusters and what runs of them, from the copies alone', async () => {
  const { world, reads } = await ask({ object: template('t', { initdbArgs: 'y' }) });
  assert.deepEqual(
    world.clusters?.map(({ metadata }) => metadata.name),
    ['a'],
  );
  assert.deepEqual(
    world.shards?.map(({ metadata }) => metadata.name),
    ['shard-a'],
  );
  assert.deepEqual(
    world.claims?.map(({ name }) => name),
    ['claim-a'],
  );
  assert.equal(world.liveAgeMs, 1000);
  assert.deepEqual(reads, ['lease']);
});

test('a ConfigMap is read only if the edit names it', async () => {
  const ref = { postgresConfigRef: { name: 'tuning', key: 'k' } };
  const named = await ask({ object: template('t', ref) });
  assert.deepEqual(named.reads, ['lease', 'ConfigMap tuning']);
  assert.deepEqual(named.world.configMaps, { tuning: null });
  const kept = await ask({
    oldObject: template('t', ref),
    object: template('t', { ...ref, initdbArgs: 'y' }),
  });
  assert.deepEqual(kept.reads, ['lease']);
});

test('nothing is asked for labels, nor for a template that nobody uses', async () => {
  assert.deepEqual(await ask({ object: template('t', { initdbArgs: 'x' }) }), {
    world: {},
    reads: [],
  });
  assert.deepEqual(await ask({ name: 'nobodys', object: template('nobodys', {}) }), {
    world: { clusters: [] },
    reads: [],
  });
});
