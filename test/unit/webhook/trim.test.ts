import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KubeObject } from '../../../schemas/k8s.ts';
import { worldNode, worldStorageClass } from '../../../webhook/live.ts';
import { managedKeys } from '../../../webhook/secret-keys.ts';
import { trimForPolicies } from '../../../webhook/trim.ts';
import { worldClaim } from '../../../webhook/world.ts';

const trim = trimForPolicies(['example.com/rack']);
const object = (kind: string, rest: object, metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: {
    name: 'x',
    uid: 'u',
    resourceVersion: '5',
    managedFields: [{ manager: 'm' }],
    ...metadata,
  } as KubeObject['metadata'],
  ...rest,
});

describe('what is kept of', () => {
  test('a Node: its place, and whether it takes pods', () => {
    const labels = {
      'example.com/rack': 'r',
      'topology.kubernetes.io/zone': 'z',
      'kubernetes.io/hostname': 'h',
      'beta.kubernetes.io/arch': 'amd64',
    };
    const kept = trim(
      object(
        'Node',
        {
          spec: {
            podCIDR: '10.0.0.0/24',
            unschedulable: true,
            taints: [{ key: 'k', effect: 'NoSchedule', timeAdded: 't' }],
          },
          status: { images: [{ names: ['big'] }] },
        },
        { labels, annotations: { a: 'b' } },
      ),
    );
    const { 'beta.kubernetes.io/arch': _dropped, ...place } = labels;
    assert.deepEqual(JSON.parse(JSON.stringify(kept)), {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'x', uid: 'u', resourceVersion: '5', labels: place },
      spec: { unschedulable: true, taints: [{ key: 'k', effect: 'NoSchedule' }] },
    });
  });

  test('a StorageClass: what a volume of it can do', () => {
    const kept = trim(
      object('StorageClass', {
        provisioner: 'p',
        parameters: { type: 'gp3' },
        volumeBindingMode: 'WaitForFirstConsumer',
        allowVolumeExpansion: true,
      }),
    );
    assert.ok(!('parameters' in kept));
    assert.deepEqual(worldStorageClass(kept), {
      name: 'x',
      isDefault: false,
      provisioner: 'p',
      expandable: true,
      bindingMode: 'WaitForFirstConsumer',
    });
    assert.equal(worldStorageClass(trim(object('StorageClass', {}))).bindingMode, 'Immediate');
  });

  test('a claim: our labels, its size and whether it grew', () => {
    const kept = trim(
      object(
        'PersistentVolumeClaim',
        {
          spec: {
            accessModes: ['ReadWriteOnce'],
            storageClassName: 's',
            resources: { requests: { storage: '20Gi' } },
          },
          status: {
            phase: 'Bound',
            capacity: { storage: '10Gi' },
            allocatedResourceStatuses: { storage: 'ControllerResizeInfeasible' },
            conditions: [{ type: 'Resizing' }],
          },
        },
        { labels: { 'multigres.com/cell': 'z1', other: 'x' }, annotations: { long: 'x' } },
      ),
    );
    assert.equal(kept.metadata.annotations, undefined);
    assert.deepEqual(worldClaim(kept), {
      name: 'x',
      labels: { 'multigres.com/cell': 'z1' },
      accessModes: ['ReadWriteOnce'],
      storageClass: 's',
      requested: '20Gi',
      capacity: '10Gi',
      bound: true,
      resizeFailed: true,
    });
  });

  test('a Shard: pools and state, not images and settings', () => {
    const spec = { databaseName: 'd', pools: { main: {} }, images: { postgres: 'p' } };
    const kept = trim(object('Shard', { spec, status: { phase: 'Healthy' } }));
    assert.deepEqual(kept.spec, { databaseName: 'd', pools: { main: {} } });
    assert.deepEqual(kept.status, { phase: 'Healthy' });
    assert.ok(!('managedFields' in kept.metadata));
  });
});

test('a Node that Kubernetes itself has closed takes no pods; other taints depend on the pod', () => {
  const node = (spec: object) => worldNode(object('Node', { spec }));
  const taint = (key: string, effect = 'NoSchedule') => ({ taints: [{ key, effect }] });
  assert.equal(node({}).schedulable, true);
  assert.equal(node({ unschedulable: true }).schedulable, false);
  assert.equal(node(taint('node.kubernetes.io/not-ready')).schedulable, false);
  assert.equal(node(taint('dedicated', 'PreferNoSchedule')).taints, undefined);
  const dedicated = node(taint('dedicated'));
  assert.equal(dedicated.schedulable, true);
  assert.equal(dedicated.taints?.length, 1);
});

test('the keys of a Secret come from its metadata, unless that cannot tell all', () => {
  const secret = (...managedFields: object[]) => object('Secret', {}, { managedFields });
  const fields = (value: object) => ({ fieldsV1: value });
  const data = (...keys: string[]) => ({
    'f:data': { '.': {}, ...Object.fromEntries(keys.map((key) => [`f:${key}`, {}])) },
  });
  assert.deepEqual(managedKeys(secret(fields(data('b')), fields(data('a', 'b')))), ['a', 'b']);
  assert.equal(managedKeys(secret()), undefined);
  assert.equal(managedKeys(secret(fields({ 'f:type': {} }))), undefined);
  assert.equal(managedKeys(secret(fields({ ...data('a'), 'f:stringData': {} }))), undefined);
  assert.equal(managedKeys(secret({})), undefined);
});
