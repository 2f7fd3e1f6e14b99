/** What a user's tools say when nothing changed: nothing. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { KubeObject } from '../../schemas/k8s.ts';
import type { KubeApi } from '../../controller/kube/api.ts';
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

describe('a second field manager', () => {
  const managers = (namespace: string): ManagedFields[] => {
    const args = ['-n', namespace, 'get', 'mgc', 'minimal', '-o', 'json', '--show-managed-fields'];
    const { metadata } = JSON.parse(kubectl(args)) as KubeObject;
    return (metadata as { managedFields?: ManagedFields[] }).managedFields ?? [];
  };
  const ownedBy = (namespace: string, name: string) =>
    managers(namespace).find(({ manager, operation }) => manager === name && operation === 'Apply')
      ?.fieldsV1;
  const file = path.join(folder, 'minimal.yaml');
  const others = (namespace: string): KubeObject => ({
    apiVersion: 'multigres.com/v1alpha1',
    kind: 'MultigresCluster',
    metadata: { name: 'minimal', namespace, labels: { team: 'blue' } },
    spec: {
      logLevels: { pgctld: 'debug' },
      topologyPruning: { enabled: false },
      multiadmin: { spec: { replicas: 2 } },
      certCommonName: 'db.example.com',
    },
  });
  const values = (namespace: string): unknown => {
    const { metadata, spec } = JSON.parse(
      kubectl(['-n', namespace, 'get', 'mgc', 'minimal', '-o', 'json']),
    ) as KubeObject<{ logLevels: object; topologyPruning: object; multiadmin: object }>;
    return { labels: metadata.labels, spec };
  };

  for (const [way, apply] of [
    ['client-side', ['apply']],
    ['server-side', ['apply', '--server-side', '--field-manager=gitops']],
  ] as const) {
    test(`keeps all that it set while the first one applies ${way} again`, async () => {
      const namespace = namespaceFor(`second-${way}`, 'minimal.yaml');
      kubectl(['-n', namespace, ...apply, '-f', file]);
      // not by kubectl, which would take over what a client-side apply owns
      await api.apply(others(namespace), { fieldManager: 'blue' });
      const owned = ownedBy(namespace, 'blue');
      assert.ok(owned);
      const before = values(namespace);
      assert.partialDeepStrictEqual(before, {
        labels: { team: 'blue' },
        spec: {
          logLevels: { pgctld: 'debug', multiorch: 'info' },
          topologyPruning: { enabled: false },
        },
      });
      kubectl(['-n', namespace, ...apply, '-f', file]);
      assert.deepEqual(values(namespace), before);
      assert.deepEqual(ownedBy(namespace, 'blue'), owned);
    });
  }

  test('meets no conflict over what admission wrote', () => {
    const namespace = namespaceFor('conflict', 'minimal.yaml');
    kubectl(['-n', namespace, 'apply', '--server-side', '--field-manager=gitops', '-f', file]);
    const blue = ['apply', '--server-side', '--field-manager=blue', '-f', '-'];
    kubectl(['-n', namespace, ...blue], JSON.stringify(others(namespace)));
  });
});
