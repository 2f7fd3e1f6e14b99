/** Rights: all that the code uses, and nothing else. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { WATCHED } from '../../controller/watched.ts';
import { KINDS, type KindName, type KubeObject } from '../../schemas/k8s.ts';
import { OPTIONS } from '../../controller/options.ts';
import { BYPASS } from '../../webhook/access.ts';
import { WORLD_KINDS } from '../../webhook/live.ts';
import { WEBHOOK_OPTIONS } from '../../webhook/options.ts';
import { POLICIES } from '../../webhook/policies/index.ts';
import { one, render, renderSmall } from '../support/chart.ts';
import { READ_LIVE } from '../support/rights.ts';

interface PolicyRule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}
const rulesOf = (object: KubeObject): PolicyRule[] =>
  (object as KubeObject & { rules: PolicyRule[] }).rules;

const SOURCES = path.join(import.meta.dirname, '../../controller');
const sources = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.startsWith('sweep/'))
  .map((name) => ({ name, text: readFileSync(path.join(SOURCES, name), 'utf8') }));

/** `group/resource` -> verbs, of rules without names. */
function granted(rules: readonly PolicyRule[]): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const { apiGroups, resources, verbs, resourceNames } of rules) {
    if (resourceNames) continue;
    for (const group of apiGroups) {
      for (const resource of resources) {
        const key = `${group}/${resource}`;
        found[key] = [...(found[key] ?? []), ...verbs].toSorted();
      }
    }
  }
  return found;
}

const keyOf = (name: KindName, subresource = ''): string =>
  `${KINDS[name].group}/${KINDS[name].plural}${subresource}`;

/** Owners of other objects, which have a status. */
const OURS: KindName[] = ['MultigresCluster', 'Cell', 'TableGroup', 'Shard', 'TopoServer'];
const LIVE_READERS = [
  'observe/credentials.ts',
  'observe/workload.ts',
  'shard/execute/certificates.ts',
  'shard/execute/claims.ts',
  'shard/execute/context.ts',
  'shard/execute/pods.ts',
  'shard/execute/topology.ts',
  'shard/gather/secrets.ts',
  'shard/gather/volumes.ts',
];
/** Never deleted by us: clusters are the users', and etcd's data must not go by mistake. */
const NOT_DELETED = new Set<KindName>(['MultigresCluster', 'StatefulSet']);

/** Kinds that the builders make: they write `kind: 'Service'`, or call `ownChild` with a kind of ours. */
function built(): KindName[] {
  const names = Object.keys(KINDS) as KindName[];
  const making = /(?:apiVersion: [^,\n]+,\s+kind: |ownChild\(\s*\w+,\s*)'(\w+)'/g;
  const kinds = sources.flatMap(({ text }) =>
    [...text.matchAll(making)].map(([, kind]) => kind ?? ''),
  );
  return names.filter((name) => kinds.includes(name));
}

function expectedOfController(): Record<string, string[]> {
  const expected: Record<string, string[]> = {};
  const add = (key: string, ...verbs: string[]) =>
    (expected[key] = [...(expected[key] ?? []), ...verbs].toSorted());
  for (const { kind } of WATCHED) add(keyOf(kind), 'list', 'watch');
  for (const kind of READ_LIVE) add(keyOf(kind), 'get');
  for (const kind of built()) {
    add(keyOf(kind), 'create', 'patch');
    if (!NOT_DELETED.has(kind)) add(keyOf(kind), 'delete');
  }
  add(keyOf('MultigresCluster'), 'patch');
  for (const kind of OURS) {
    add(keyOf(kind, '/status'), 'patch');
    add(keyOf(kind, '/finalizers'), 'update');
  }
  add(keyOf('Event'), 'create', 'list');
  return expected;
}

describe('the controller', () => {
  const objects = renderSmall();
  const cluster = rulesOf(one(objects, 'ClusterRole', '-controller'));

  test('may do what the code does', () => {
    assert.deepEqual(granted(cluster), expectedOfController());
  });

  test('reads live only where this test knows of it', () => {
    const readers = sources
      .filter(({ text }) => /\bkube\.(get|list)\(/.test(text))
      .map(({ name }) => name);
    assert.deepEqual(readers.toSorted(), LIVE_READERS, 'a new reader may need `get`');
  });

  test('has one lease by name', () => {
    assert.deepEqual(rulesOf(one(objects, 'Role', '-controller-lease')), [
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
      {
        apiGroups: ['coordination.k8s.io'],
        resources: ['leases'],
        resourceNames: [OPTIONS.leaseName.default],
        verbs: ['get', 'patch'],
      },
    ]);
  });

  test('has the same rights in named namespaces, and else only on what has no namespace', () => {
    const named = renderSmall(['--set=controller.watchNamespaces={a,b}']);
    const roles = named.filter(
      ({ kind, metadata }) => kind === 'Role' && metadata.name === 'multigres-operator-controller',
    );
    assert.deepEqual(
      roles.map(({ metadata }) => metadata.namespace),
      ['a', 'b'],
    );
    const outside = granted(rulesOf(one(named, 'ClusterRole', '-controller')));
    assert.deepEqual(Object.keys(outside), [
      '/nodes',
      '/persistentvolumes',
      'storage.k8s.io/storageclasses',
    ]);
    for (const role of roles) {
      assert.deepEqual({ ...outside, ...granted(rulesOf(role)) }, granted(cluster));
    }
  });
});

describe('the webhook', () => {
  const objects = renderSmall();
  const rules = rulesOf(one(objects, 'ClusterRole', '-webhook'));

  test('reads what policies know of', () => {
    const expected = Object.fromEntries(
      WORLD_KINDS.map((kind) => [
        keyOf(kind),
        kind.endsWith('Template') ? ['get', 'list', 'watch'] : ['list', 'watch'],
      ]),
    );
    const live = {
      '/configmaps': ['get'],
      '/namespaces': ['get', 'list', 'watch'],
      'authorization.k8s.io/subjectaccessreviews': ['create'],
      '/events': ['create'],
    };
    assert.deepEqual(granted(rules), { ...expected, ...live, '/secrets': ['get'] });
    const without = renderSmall(['--set=webhook.checkSecrets=false']);
    const fewer = granted(rulesOf(one(without, 'ClusterRole', '-webhook')));
    assert.deepEqual(fewer, { ...expected, ...live });
  });

  test('watches the ConfigMap of policies, by name', () => {
    assert.deepEqual(rulesOf(one(objects, 'Role', '-webhook-policies')), [
      {
        apiGroups: [''],
        resources: ['configmaps'],
        resourceNames: ['multigres-operator-policies'],
        verbs: ['list', 'watch'],
      },
    ]);
  });

  test("reads the controller's lease, by name", () => {
    assert.deepEqual(rulesOf(one(objects, 'Role', '-webhook-lease')), [
      {
        apiGroups: ['coordination.k8s.io'],
        resources: ['leases'],
        resourceNames: [WEBHOOK_OPTIONS.leaseName.default],
        verbs: ['get'],
      },
    ]);
    assert.equal(WEBHOOK_OPTIONS.leaseName.default, OPTIONS.leaseName.default);
  });

  test('writes its two configurations and the Secret of its CA, by name', () => {
    assert.deepEqual(
      rules.filter(({ resourceNames }) => resourceNames),
      [
        {
          apiGroups: ['admissionregistration.k8s.io'],
          resources: ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'],
          resourceNames: ['multigres-operator'],
          verbs: ['get', 'patch'],
        },
      ],
    );
    assert.deepEqual(rulesOf(one(objects, 'Role', '-webhook-ca')), [
      {
        apiGroups: [''],
        resources: ['secrets'],
        resourceNames: ['multigres-operator-webhook-ca'],
        verbs: ['get', 'patch'],
      },
    ]);
  });
});

describe('the sweep of volumes', () => {
  const sweep = ['--set=volumeSweep.enabled=true'];
  const rights = {
    '/persistentvolumeclaims': ['delete', 'list'],
    '/pods': ['list'],
    'multigres.com/multigresclusters': ['list'],
  };

  test('may list and delete claims, in all namespaces', () => {
    const role = one(renderSmall(sweep), 'ClusterRole', '-volume-sweep');
    assert.deepEqual(granted(rulesOf(role)), rights);
  });

  test('may do so in named namespaces only', () => {
    const named = renderSmall([...sweep, '--set=controller.watchNamespaces={a,b}']);
    const roles = named.filter(({ metadata }) => metadata.name.endsWith('-volume-sweep'));
    assert.ok(!roles.some(({ kind }) => kind.startsWith('ClusterRole')));
    const inNamespaces = roles.filter(({ kind }) => kind === 'Role');
    assert.deepEqual(
      inNamespaces.map(({ metadata }) => metadata.namespace),
      ['a', 'b'],
    );
    for (const role of inNamespaces) assert.deepEqual(granted(rulesOf(role)), rights);
  });

  test('is not there unless it is asked for', () => {
    assert.ok(!renderSmall().some(({ metadata }) => metadata.name.endsWith('-volume-sweep')));
  });
});

describe('all roles', () => {
  const objects = render();
  const roles = objects.filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole');

  test('name what they allow', () => {
    for (const role of roles) {
      for (const { apiGroups, resources, verbs } of rulesOf(role)) {
        assert.ok(![...apiGroups, ...resources, ...verbs].includes('*'), role.metadata.name);
        const risky = ['bind', 'escalate', 'impersonate', 'deletecollection'];
        assert.deepEqual(
          verbs.filter((verb) => risky.includes(verb)),
          [],
        );
        assert.deepEqual(
          resources.filter((name) => /^(roles|clusterroles|serviceaccounts|pods\/)/.test(name)),
          [],
        );
      }
    }
  });

  test('for users add to view, edit and admin, for our own kinds', () => {
    const edit = one(objects, 'ClusterRole', '-edit');
    assert.equal(edit.metadata.labels?.['rbac.authorization.k8s.io/aggregate-to-edit'], 'true');
    const [rule] = rulesOf(edit);
    assert.deepEqual(rule?.resources, [
      'multigresclusters',
      'coretemplates',
      'celltemplates',
      'shardtemplates',
    ]);
  });

  test('for emergencies names each policy but the guards, and is bound to nobody', () => {
    const role = one(objects, 'ClusterRole', '-bypass');
    const ids = POLICIES.filter(({ guard }) => !guard).map(({ id }) => id);
    assert.deepEqual(rulesOf(role), [
      {
        apiGroups: [BYPASS.group],
        resources: [BYPASS.resource],
        resourceNames: ids.toSorted(),
        verbs: [BYPASS.verb],
      },
    ]);
    assert.ok(ids.length > 40 && ids.length < POLICIES.length);
    assert.deepEqual(
      Object.keys(role.metadata.labels ?? {}).filter((key) => /aggregate/.test(key)),
      [],
    );
    const bound = objects.filter(({ kind }) => kind.endsWith('Binding'));
    assert.doesNotMatch(JSON.stringify(bound), /-bypass"/);
    const without = renderSmall(['--set=rbac.bypass=false']);
    assert.ok(!without.some(({ metadata }) => metadata.name.endsWith('-bypass')));
  });

  test('are left out with rbac.create=false', () => {
    const none = renderSmall(['--set=rbac.create=false']);
    assert.deepEqual(
      none.filter(({ kind }) => /Role/.test(kind)),
      [],
    );
  });
});
