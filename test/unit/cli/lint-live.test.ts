/** What a cluster has of the objects of the inputs, and beside them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stringify } from 'yaml';
import { lintDocuments } from '../../../cli/lint.ts';
import { OFFLINE_WORLD } from '../../../cli/judge.ts';
import type { LiveState } from '../../../cli/world.ts';
import type { KubeObject } from '../../../schemas/k8s.ts';
import { storedForm } from '../../../schemas/stored-form.ts';
import type { World } from '../../../webhook/policies/world.ts';

const cells = [1, 2, 3].map((i) => ({ name: `z${i}`, zoneId: `az${i}` }));

const cluster = (spec: object = {}, annotations: object = {}): KubeObject =>
  ({
    apiVersion: 'multigres.com/v1alpha1',
    kind: 'MultigresCluster',
    metadata: { name: 'm', annotations },
    spec: { postgresPasswordSecretRef: { name: 'pw', key: 'password' }, cells, ...spec },
  }) as KubeObject;

function lint(
  objects: readonly object[],
  { old, world = OFFLINE_WORLD, ...rest }: { old?: KubeObject; world?: World } & Partial<LiveState>,
): string[] {
  const live: LiveState = {
    stored: () => old,
    worldOf: () => world,
    modesIn: () => ({}),
    mayBypass: () => new Map(),
    ...rest,
  };
  const text = objects.map((object) => stringify(object)).join('---\n');
  const { findings, failures } = lintDocuments([{ name: 'a.yaml', text }], { live });
  assert.deepEqual(failures, []);
  return findings.map(({ severity, check, path }) => `${severity} ${check} ${path}`);
}

const LAST = 'kubectl.kubernetes.io/last-applied-configuration';

describe('a stored object', () => {
  const pools = { main: { type: 'readWrite', cells: ['z1', 'z2', 'z3'], replicasPerCell: 2 } };
  const shards = [{ name: '0-inf', spec: { pools } }];
  const databases = [
    { name: 'postgres', default: true, tablegroups: [{ name: 'default', default: true, shards }] },
  ];
  const storage = { size: '100Gi', accessModes: ['ReadWriteMany'] };
  const written = { databases, backup: { type: 'filesystem', filesystem: { storage } } };
  const old = storedForm('MultigresCluster', cluster(written));

  test('keeps what others wrote into it: the file changes nothing', () => {
    assert.deepEqual(lint([cluster()], { old }), []);
  });

  test('loses what the file said the last time and does not say any more', () => {
    const annotations = { [LAST]: JSON.stringify(cluster({ databases })) };
    const applied = { ...old, metadata: { ...old.metadata, annotations } };
    const found = lint([cluster()], { old: applied });
    assert.ok(
      found.some((line) => line.startsWith('error MG012 ')),
      found.join('\n'),
    );
  });

  test('keeps annotations that others put there', () => {
    const asked = {
      'multigres.com/bypass-policies': 'durability-known',
      'multigres.com/bypass-reason': 'a drill',
    };
    const annotated = { ...old, metadata: { ...old.metadata, annotations: asked } };
    const mayBypass = () => new Map([['durability-known', { allowed: true as const }]]);
    const changed = [cluster({ durabilityPolicy: 'ALL' })];
    assert.match(lint(changed, { old, mayBypass }).join(), /error MG005/);
    const found = lint(changed, { old: annotated, mayBypass }).join();
    assert.match(found, /warning MG005/);
    assert.doesNotMatch(found, /error/);
  });
});

describe('Nodes and StorageClasses of the inputs', () => {
  const node = (name: string, zone: string): object => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'topology.kubernetes.io/zone': zone } },
  });
  const nodes = ['az1', 'az2'].map((zone) => ({
    name: zone,
    labels: { 'topology.kubernetes.io/zone': zone },
  }));
  const zones = (found: readonly string[]): string[] =>
    found.filter((line) => line.includes('MG008'));

  test('lie over those of the cluster, by name', () => {
    const world = { ...OFFLINE_WORLD, nodes };
    assert.deepEqual(zones(lint([cluster()], { world })), ['warning MG008 /spec/cells/2/zoneId']);
    assert.deepEqual(zones(lint([cluster(), node('new', 'az3')], { world })), []);
    assert.deepEqual(zones(lint([cluster(), node('az2', 'az3')], { world })), [
      'warning MG008 /spec/cells/1/zoneId',
    ]);
  });

  test('are not all there is where those of the cluster may not be read', () => {
    assert.deepEqual(zones(lint([cluster(), node('a', 'az1')], {})), []);
  });

  test('StorageClasses too', () => {
    const storageClass = (volumeBindingMode: string): object => ({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: {
        name: 'standard',
        annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
      },
      provisioner: 'x',
      volumeBindingMode,
    });
    const immediate = { name: 'standard', isDefault: true, bindingMode: 'Immediate' as const };
    const world = { ...OFFLINE_WORLD, nodes, storageClasses: [immediate] };
    const early = (found: readonly string[]) => found.filter((line) => line.includes('MG035'));
    assert.notDeepEqual(early(lint([cluster()], { world })), []);
    assert.notDeepEqual(early(lint([cluster(), storageClass('Immediate')], { world })), []);
    assert.deepEqual(early(lint([cluster(), storageClass('WaitForFirstConsumer')], { world })), []);
  });
});
