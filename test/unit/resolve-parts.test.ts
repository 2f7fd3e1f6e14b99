import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effectivePvcPolicy, mergePvcPolicy } from '../../schemas/resolve/pvc-policy.ts';
import { missingTemplates, templateReferences } from '../../schemas/resolve/templates.ts';
import { cellTopologyOf } from '../../schemas/resolve/topo.ts';
import type { MultigresCluster } from '../../schemas/types.ts';

const globalRef = { address: 'g:2379', rootPath: '/multigres/global', implementation: 'etcd' };
const cell = { object: 'm-z1-0a1b2c3d', namespace: 'ns', name: 'z1' };

test('records of a cell without its own topology live in the global one', () => {
  assert.deepEqual(cellTopologyOf(undefined, globalRef, cell), {
    serverAddresses: ['g:2379'],
    root: '/multigres/global',
  });
});

test('records of a cell with its own etcd live there, under its own root', () => {
  const { serverAddresses, root } = cellTopologyOf({ etcd: {} }, globalRef, cell);
  assert.match(serverAddresses.join(), /^m-z1-0a1b2c3d-topo-[0-9a-f]{8}\.ns\.svc:2379$/);
  assert.equal(root, '/multigres/z1');
});

test('records of a cell with an external topology go to all its endpoints', () => {
  const external = { endpoints: ['http://a:2379', 'http://b:2379'], rootPath: '/r' };
  assert.deepEqual(cellTopologyOf({ external }, globalRef, cell), {
    serverAddresses: ['http://a:2379', 'http://b:2379'],
    root: '/r',
  });
});

test('claims merge per half, and outlive their Shard if nobody says otherwise', () => {
  const parent = { whenDeleted: 'Delete', whenScaled: 'Delete' } as const;
  assert.deepEqual(mergePvcPolicy({ whenScaled: 'Retain' }, parent), {
    whenDeleted: 'Delete',
    whenScaled: 'Retain',
  });
  assert.equal(mergePvcPolicy(undefined, {}), undefined);
  assert.deepEqual(effectivePvcPolicy(undefined, undefined), {
    whenDeleted: 'Retain',
    whenScaled: 'Delete',
  });
});

test('every place that names a template is found, and checked even for the name default', () => {
  const cluster: MultigresCluster = {
    apiVersion: 'multigres.com/v1alpha1',
    kind: 'MultigresCluster',
    metadata: { name: 'm' },
    spec: {
      postgresPasswordSecretRef: { name: 'pw', key: 'password' },
      templateDefaults: { coreTemplate: 'a', cellTemplate: 'b', shardTemplate: 'c' },
      globalTopoServer: { templateRef: 'd' },
      multiadmin: { templateRef: 'e' },
      multiadminWeb: { templateRef: 'f' },
      cells: [{ name: 'z1', zoneId: 'z', cellTemplate: 'g' }],
      databases: [
        {
          name: 'postgres',
          tablegroups: [{ name: 'default', shards: [{ name: '0-inf', shardTemplate: 'default' }] }],
        },
      ],
    },
  };
  const names = templateReferences(cluster).map(({ name }) => name);
  assert.deepEqual(names, ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'default']);
  const template = { apiVersion: 'multigres.com/v1alpha1', metadata: { name: 'x' }, spec: {} };
  const core = Object.fromEntries(['a', 'd', 'e', 'f'].map((name) => [name, { ...template, kind: 'CoreTemplate' }])); // prettier-ignore
  assert.deepEqual(
    missingTemplates(cluster, { core, cell: {}, shard: {} }).map(({ path }) => path),
    [
      'spec.templateDefaults.cellTemplate',
      'spec.templateDefaults.shardTemplate',
      'spec.cells[0].cellTemplate',
      'spec.databases[0].tablegroups[0].shards[0].shardTemplate',
    ],
  );
});
