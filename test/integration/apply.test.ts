/** What a user's tools say when nothing changed: nothing. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { KubeObject } from '../../schemas/k8s.ts';
import type { KubeApi } from '../../kube/api.ts';
import { connect, kubectl, installCrds } from '../support/cluster.ts';
import { removeWebhookConfigurations } from '../support/stand-in.ts';
import { startWebhook, type RunningWebhook } from '../support/webhook.ts';

const folder = path.join(import.meta.dirname, '../../examples');
const OPERATOR = 'apply-operator';
/** The others name these templates. */
const TEMPLATES = path.join(folder, 'eks-smallest.yaml');

const files = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => ({ name, file: path.join(folder, name) }));

let api: KubeApi;
let close: () => Promise<void>;
let webhook: RunningWebhook;

before(async () => {
  ({ api, close } = connect());
  installCrds();
  kubectl(['create', 'namespace', OPERATOR]);
  webhook = await startWebhook([`--namespace=${OPERATOR}`]);
});

after(async () => {
  await webhook.stop();
  await close();
  removeWebhookConfigurations();
});

function namespaceFor(way: string, name: string): string {
  const namespace = `${way}-${path.basename(name, '.yaml')}`;
  kubectl(['create', 'namespace', namespace]);
  if (name !== path.basename(TEMPLATES)) kubectl(['-n', namespace, 'apply', '-f', TEMPLATES]);
  return namespace;
}

const lines = (text: string): string[] => text.trim().split('\n');

const objectsIn = (namespace: string, file: string): KubeObject[] => {
  const args = ['-n', namespace, 'get', '-f', file, '-o', 'json', '--show-managed-fields'];
  const found = JSON.parse(kubectl(args)) as KubeObject & { items?: KubeObject[] };
  return found.items ?? [found];
};

/** What must not move: with it no watcher wakes up and no generation is counted. */
const fixed = (objects: readonly KubeObject[]) =>
  objects.map(({ kind, metadata }) => {
    const { name, generation, resourceVersion, managedFields } =
      metadata as KubeObject['metadata'] & {
        managedFields?: unknown;
      };
    return { kind, name, generation, resourceVersion, managedFields };
  });

describe('client-side apply', () => {
  for (const { name, file } of files) {
    test(`${name}: the second time everything is unchanged, and there is no diff`, () => {
      const namespace = namespaceFor('client', name);
      kubectl(['-n', namespace, 'apply', '-f', file]);
      const first = fixed(objectsIn(namespace, file));
      for (const line of lines(kubectl(['-n', namespace, 'apply', '-f', file]))) {
        assert.match(line, / unchanged$/);
      }
      // exits with 1, hence throws, when there is a difference
      assert.equal(kubectl(['-n', namespace, 'diff', '-f', file]), '');
      assert.deepEqual(fixed(objectsIn(namespace, file)), first);
    });
  }
});

describe('server-side apply', () => {
  const SERVER = ['apply', '--server-side', '--field-manager=gitops'];
  for (const { name, file } of files) {
    test(`${name}: the second time nothing moves, and there is no diff`, () => {
      const namespace = namespaceFor('server', name);
      kubectl(['-n', namespace, ...SERVER, '-f', file]);
      const first = fixed(objectsIn(namespace, file));
      kubectl(['-n', namespace, ...SERVER, '-f', file]);
      assert.deepEqual(fixed(objectsIn(namespace, file)), first);
      const diff = ['diff', '--server-side', '--field-manager=gitops', '-f', file];
      assert.equal(kubectl(['-n', namespace, ...diff]), '');
      assert.deepEqual(fixed(objectsIn(namespace, file)), first);
    });
  }
});

interface ManagedFields {
  manager: string;
  operation: string;
  fieldsV1: object;
}

/** What another manager sets of each kind that the examples have, and they do not set. */
const OF_BLUE: Record<string, object> = {
  MultigresCluster: {
    logLevels: { pgctld: 'debug' },
    topologyPruning: { enabled: false },
    multiadmin: { spec: { replicas: 2 } },
    certCommonName: 'db.example.com',
  },
  CoreTemplate: { multiadmin: { podLabels: { team: 'blue' } } },
  CellTemplate: { multigateway: { podLabels: { team: 'blue' } } },
  ShardTemplate: { multiorch: { podLabels: { team: 'blue' } } },
};

describe('a second field manager', () => {
  /** The objects of ours that an example has, as they are stored. */
  const oursIn = (namespace: string, file: string): KubeObject[] =>
    objectsIn(namespace, file).filter(({ kind }) => kind in OF_BLUE);
  const ownedByBlue = ({ metadata }: KubeObject): object | undefined =>
    (metadata as { managedFields?: ManagedFields[] }).managedFields?.find(
      ({ manager, operation }) => manager === 'blue' && operation === 'Apply',
    )?.fieldsV1;
  const blueOf = ({ apiVersion, kind, metadata: { name, namespace } }: KubeObject): KubeObject => ({
    apiVersion,
    kind,
    metadata: { name, labels: { team: 'blue' }, ...(namespace ? { namespace } : {}) },
    spec: OF_BLUE[kind],
  });
  const values = (objects: readonly KubeObject[]): unknown[] =>
    objects.map(({ kind, metadata: { name, labels }, spec }) => ({ kind, name, labels, spec }));
  const SERVER = ['apply', '--server-side', '--field-manager=gitops'];

  for (const [way, apply] of [
    ['client-side', ['apply']],
    ['server-side', SERVER],
  ] as const)
    for (const { name, file } of files)
      test(`keeps all that it set while the first one applies ${name} ${way} again`, async () => {
        const namespace = namespaceFor(`second-${way}`, name);
        kubectl(['-n', namespace, ...apply, '-f', file]);
        // not by kubectl, which would take over what a client-side apply owns
        for (const object of oursIn(namespace, file))
          await api.apply(blueOf(object), { fieldManager: 'blue' });
        const before = oursIn(namespace, file);
        assert.ok(before.length > 0);
        for (const object of before) {
          assert.ok(ownedByBlue(object), object.kind);
          const { metadata, spec } = blueOf(object);
          const { labels } = metadata;
          assert.partialDeepStrictEqual(object, { metadata: { labels }, spec });
        }
        kubectl(['-n', namespace, ...apply, '-f', file]);
        const then = oursIn(namespace, file);
        assert.deepEqual(values(then), values(before));
        assert.deepEqual(then.map(ownedByBlue), before.map(ownedByBlue));
      });

  for (const { name, file } of files)
    test(`meets no conflict over what admission wrote into ${name}`, () => {
      const namespace = namespaceFor('conflict', name);
      kubectl(['-n', namespace, ...SERVER, '-f', file]);
      const blue = ['apply', '--server-side', '--field-manager=blue', '-f', '-'];
      for (const object of oursIn(namespace, file))
        kubectl(['-n', namespace, ...blue], JSON.stringify(blueOf(object)));
    });
});
