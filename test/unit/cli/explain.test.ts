import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { explainDocuments } from '../../../cli/explain/explain.ts';
import { OFFLINE_WORLD } from '../../../cli/judge.ts';
import { leavesOf, withValue } from '../../../cli/explain/leaves.ts';
import { provenanceOf, type Origin } from '../../../cli/explain/provenance.ts';
import { resolveCluster } from '../../../schemas/resolve/cluster.ts';
import type { Templates } from '../../../schemas/resolve/types.ts';
import type { MultigresCluster, MultigresClusterSpec } from '../../../schemas/types.ts';

const NO_TEMPLATES: Templates = { core: {}, cell: {}, shard: {} };

function originsOf(
  spec: Partial<MultigresClusterSpec>,
  templates: Partial<Record<keyof Templates, Record<string, object>>> = {},
): Readonly<Record<string, Origin>> {
  const cluster = {
    apiVersion: 'multigres.com/v1alpha1',
    kind: 'MultigresCluster',
    metadata: { name: 'm', namespace: 'ns' },
    spec: { postgresPasswordSecretRef: { name: 'pw', key: 'k' }, ...spec },
  } as MultigresCluster;
  const all = { ...NO_TEMPLATES, ...templates } as Templates;
  const result = resolveCluster(cluster, all);
  assert.ok(result.ok, JSON.stringify(result));
  return provenanceOf({ cluster, templates: all }, result.value);
}

const short = (origin: Origin | undefined): string => {
  if (!origin || origin.how === 'default') return 'default';
  const { from, how } = origin;
  const where = from.in === 'cluster' ? '' : `${from.kind}/${from.name}:`;
  return `${how} ${where}${from.segments.join('.')}`;
};

describe('where values come from', () => {
  test('a value of the cluster beats the same value of a template', () => {
    const origins = originsOf(
      {
        cells: [
          {
            name: 'z1',
            zoneId: 'a',
            cellTemplate: 't',
            overrides: { multigateway: { replicas: 3 } },
          },
        ],
      },
      { cell: { t: { spec: { multigateway: { replicas: 3, affinity: {} } } } } },
    );
    assert.equal(
      short(origins['/cells/0/gateway/replicas']),
      'written spec.cells.0.overrides.multigateway.replicas',
    );
    assert.equal(
      short(origins['/cells/0/gateway/affinity']),
      'written CellTemplate/t:spec.multigateway.affinity',
    );
    assert.equal(short(origins['/cells/0/gateway/buffer/enabled']), 'default');
  });

  test('equal values are told apart by what decides, not by what they are', () => {
    const origins = originsOf({ durabilityPolicy: 'AT_LEAST_2', postgresSuperuser: 'postgres' });
    assert.equal(short(origins['/durabilityPolicy']), 'written spec.durabilityPolicy');
    assert.equal(short(origins['/databases/0/durabilityPolicy']), 'written spec.durabilityPolicy');
    assert.equal(short(origins['/postgresSuperuser']), 'written spec.postgresSuperuser');
    assert.equal(short(origins['/databases/0/name']), 'default');
  });

  test('inherited values name the level that wrote them, and lists keep their order', () => {
    const origins = originsOf({
      backup: { type: 's3', s3: { bucket: 'b', region: 'r' } },
      cells: ['z2', 'z1', 'z10'].map((name) => ({ name, zoneId: name })),
    });
    const shard = '/databases/0/tablegroups/0/shards/0';
    assert.equal(short(origins[`${shard}/backup/s3/bucket`]), 'written spec.backup.s3.bucket');
    assert.deepEqual(
      [0, 1, 2].map((i) => short(origins[`${shard}/pools/default/cells/${i}`])),
      ['written spec.cells.1.name', 'written spec.cells.2.name', 'written spec.cells.0.name'],
    );
  });

  test('names that are made of others are derived', () => {
    const origins = originsOf({});
    assert.equal(short(origins['/topoRef/address']), 'derived metadata.name');
    assert.equal(short(origins['/projectRef']), 'written metadata.name');
  });

  test('switches, empty blocks and template names are found too', () => {
    const origins = originsOf(
      {
        topologyPruning: { enabled: false },
        templateDefaults: { shardTemplate: 's' },
        cells: [{ name: 'z1', zoneId: 'a', spec: { multigateway: { resources: { limits: {} } } } }],
      },
      { shard: { s: { spec: {} } } },
    );
    assert.equal(short(origins['/topologyPruning']), 'written spec.topologyPruning.enabled');
    assert.equal(
      short(origins['/cells/0/gateway/resources/limits']),
      'written spec.cells.0.spec.multigateway.resources.limits',
    );
    assert.equal(
      short(origins['/databases/0/tablegroups/0/shards/0/template']),
      'written spec.templateDefaults.shardTemplate',
    );
  });
});

/** Each value that the manifest or a template is said to give is what stands there. */
test('sources of the examples hold what they are said to hold', () => {
  const inputs = ['demo-multi-az-eks', 'eks-smallest', 'demo-multi-az', 'etcd-per-cell'].map(
    (name) => ({ name, text: readFileSync(`examples/${name}.yaml`, 'utf8') }),
  );
  const { clusters, findings, failures } = explainDocuments(inputs);
  assert.deepEqual([findings, failures], [[], []]);
  assert.equal(clusters.length, 3);
  for (const { name, file, resolved, sources } of clusters) {
    const leaves = leavesOf(resolved);
    assert.deepEqual(
      Object.keys(sources),
      leaves.map(({ segments }) => segments.map((part) => `/${part}`).join('')),
    );
    for (const { segments, value } of leaves) {
      const source = sources[segments.map((part) => `/${part}`).join('')];
      if (!source || !('path' in source)) continue;
      if (source.derived || source.line === undefined) continue;
      const input = inputs.find(
        (one) => one.name === (source.from === 'template' ? source.file : file),
      );
      const line = input?.text.split('\n')[source.line - 1] ?? '';
      if (typeof value !== 'object')
        assert.ok(line.includes(`${value as string}`), `${name}: ${line}`);
    }
  }
});

const CLUSTER = `
apiVersion: multigres.com/v1alpha1
kind: MultigresCluster
metadata: { name: m }
spec:
  postgresPasswordSecretRef: { name: pw, key: password }
  cells: [{ name: z1, zoneId: az1 }]
`;
const TEMPLATE = `---
apiVersion: multigres.com/v1alpha1
kind: ShardTemplate
metadata: { name: default }
spec: { pools: { main: { replicasPerCell: 2 }, spare: } }
`;

test('a template is taken as it would be stored, and one that would not be is told', () => {
  const explain = (text: string) => explainDocuments([{ name: 'a.yaml', text }]);
  const { clusters, findings } = explain(CLUSTER + TEMPLATE);
  assert.deepEqual(findings, []);
  const [shard] = clusters[0]?.shards ?? [];
  assert.deepEqual(shard?.membersByCell, { z1: 2 });
  const wrong = explain(CLUSTER + TEMPLATE.replace('2', 'many'));
  assert.equal(wrong.clusters.length, 1);
  assert.deepEqual(
    wrong.findings.map(({ kind, path }) => `${kind} ${path}`),
    ['ShardTemplate /spec/pools/main/replicasPerCell'],
  );
});

test('against a cluster, what others wrote into the stored object is told apart', () => {
  const input = { name: 'a.yaml', text: CLUSTER };
  const [offline] = explainDocuments([input]).clusters;
  const stored = {
    apiVersion: 'multigres.com/v1alpha1',
    kind: 'MultigresCluster',
    metadata: { name: 'm', uid: 'u' },
    spec: { logLevels: { pgctld: 'debug', multiorch: 'info' }, durabilityPolicy: 'AT_LEAST_2' },
  };
  const [live] = explainDocuments([input], {
    live: {
      stored: () => stored,
      worldOf: () => OFFLINE_WORLD,
      modesIn: () => ({}),
      mayBypass: () => new Map(),
    },
  }).clusters;
  assert.equal(live?.resolved.logLevels.pgctld, 'debug');
  assert.deepEqual(live.sources, {
    ...offline?.sources,
    '/logLevels/pgctld': { from: 'stored' },
  });
});

test('the shards of a cluster come with what they survive', () => {
  const [cluster] = explainDocuments(
    ['demo-multi-az', 'eks-smallest'].map((name) => ({
      name,
      text: readFileSync(`examples/${name}.yaml`, 'utf8'),
    })),
  ).clusters;
  const [shard] = cluster?.shards ?? [];
  assert.equal(shard?.name, 'postgres/default/0-inf');
  assert.equal(shard?.durability?.members, 3);
  assert.equal(shard?.durability?.survivesCellLoss, true);
  assert.deepEqual(
    shard?.losses.map(({ harm }) => harm),
    ['none', 'none', 'none'],
  );
});

test('leaves and changed copies', () => {
  const value = { a: [{ b: 1 }, []], c: {} };
  assert.deepEqual(
    leavesOf(value).map(({ segments }) => segments.join('.')),
    ['a.0.b', 'a.1', 'c'],
  );
  const changed = withValue(value, ['a', 0, 'b'], 2);
  assert.deepEqual(changed, { a: [{ b: 2 }, []], c: {} });
  assert.deepEqual(value, { a: [{ b: 1 }, []], c: {} });
  assert.equal(changed.c, value.c);
});
