import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effectivePvcPolicy, mergePvcPolicy } from '../../schemas/resolve/pvc-policy.ts';
import { missingTemplates, templateReferences } from '../../schemas/resolve/templates.ts';
import type { MultigresCluster } from '../../schemas/types.ts';

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
