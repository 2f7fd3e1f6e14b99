import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createCelRules } from '../../cli/cel.ts';
import { judgeManifest } from '../../cli/judge.ts';
import { readYaml } from '../../cli/yaml.ts';
import { apiPath, type KubeApi, kindOf } from '../../controller/kube/api.ts';
import { isKubeError } from '../../controller/kube/errors.ts';
import { API_KINDS } from '../../schemas/kinds/index.ts';
import type { KubeObject } from '../../schemas/k8s.ts';
import { connect, kubeconfig, kubectl, installCrds } from '../support/cluster.ts';
import { eventually, makeNamespace } from '../support/kube-api.ts';
import { schemaCases } from '../support/schema-cases.ts';

const root = path.resolve(import.meta.dirname, '../..');
const program = path.join(root, 'cli/kubectl-multigres.mjs');
const folder = mkdtempSync(path.join(tmpdir(), 'multigres-test-cli-'));
let api: KubeApi;
let close: () => Promise<void>;
let namespace: { name: string; remove: () => Promise<void> };

before(async () => {
  ({ api, close } = connect());
  installCrds();
  namespace = await makeNamespace(api, 'cli');
  const listed = () => kubectl(['api-resources', '--api-group=multigres.com', '-o', 'name']);
  await eventually('all kinds listed', () => listed().split('\n').length >= API_KINDS.length);
});

after(async () => {
  await namespace.remove();
  await close();
  rmSync(folder, { recursive: true });
});

const SCALARS =
  `on y Off N oN ~ Null 0755 0o17 089 0x1F -0x1f 0b11 0b2 1_000 _1 +5 -0 1:30 2026-01-01
  2026-01-01T10:00:00Z 1e3 1E+3 1e400 .5 +.5 1. 010.5 1_0.5 = 1.2.3 10Gi 1__0 -0b1 0_7 1e-7 !!str&7 !!int&"12"
  !!float&3 !!bool&yes !!binary&aGVsbG8= !own&x "on" 'no' 12345678901234567890`
    .split(/\s+/)
    .map((text) => text.replace('&', ' '));

test('YAML is read as kubectl reads it', () => {
  const text = [
    'apiVersion: v1',
    'kind: ConfigMap',
    'metadata: { name: a }',
    ...SCALARS.map((scalar, i) => `s${i}: ${scalar}`),
    'base: &base { q: 1, r: 2 }',
    'merged: { <<: *base, q: 3 }',
    'twice: { a: 1, a: 2 }',
    '1.5: a',
    'off: b',
    'folded: >',
    '  a',
    '  b',
  ].join('\n');
  const theirs = kubectl(
    ['patch', '--local', '-f', '-', '--type=merge', '-p', '{}', '-o', 'json'],
    text,
  );
  const ours = readYaml(`${text}\n`);
  assert.ok(ours.ok);
  assert.deepEqual(ours.documents[0]?.value, JSON.parse(theirs));
});

/** A cluster with parts replaced. */
const cluster = (metadata: object, spec: object = {}, rest: object = {}): KubeObject =>
  ({
    apiVersion: 'multigres.com/v1alpha1',
    kind: 'MultigresCluster',
    metadata: { name: 'm', ...metadata },
    spec: {
      postgresPasswordSecretRef: { name: 'pw', key: 'password' },
      cells: [{ name: 'z1', zoneId: 'az1' }],
      ...spec,
    },
    ...rest,
  }) as KubeObject;

const MORE: Record<string, KubeObject> = {
  'no name': cluster({ name: undefined }),
  'an upper-case name': cluster({ name: 'M' }),
  'a dotted name': cluster({ name: 'a.b' }),
  'a generated name': cluster({ name: undefined, generateName: 'm-' }),
  'a generated name that is too long': cluster({ name: undefined, generateName: 'a'.repeat(21) }),
  'a label with a space': cluster({ labels: { a: 'b c' } }),
  'a label with a long prefix': cluster({ labels: { 'example.com/a': 'b' } }),
  'a label with two prefixes': cluster({ labels: { 'a/b/c': 'd' } }),
  'a label of 64 characters': cluster({ labels: { a: 'b'.repeat(64) } }),
  'an empty label': cluster({ labels: { a: '' } }),
  'a label without a key': cluster({ labels: { '': 'a' } }),
  'a number as label': cluster({ labels: { a: 1 } }),
  'null as label': cluster({ labels: { a: null } }),
  'labels in a list': cluster({ labels: ['a'] }),
  'a boolean as annotation': cluster({ annotations: { a: true } }),
  'an annotation with an upper-case prefix': cluster({ annotations: { 'Example.com/a': 'b' } }),
  'annotations that are too large': cluster({ annotations: { a: 'x'.repeat(262_144) } }),
  'an unknown field of metadata': cluster({ lables: {} }),
  'an unknown field beside spec': cluster({}, {}, { specs: {} }),
  'an unknown field of spec': cluster({}, { multiAdmin: {} }),
  'a status, which is dropped': cluster({}, {}, { status: { phase: 'Healthy' } }),
  'null where a default is': cluster({}, { postgresSuperuser: null }),
  'null where an object may be absent': cluster({}, { backup: null }),
  'null where a text may be absent': cluster({}, { certCommonName: null }),
  'null where a list may be absent': cluster({}, { databases: null }),
  'null where something is required': cluster({}, { postgresPasswordSecretRef: null }),
  'null in a list': cluster({}, { cells: [null] }),
  'null in a map': cluster({}, { externalGateway: { enabled: true, annotations: { a: null } } }),
  'null as spec': cluster({}, {}, { spec: null }),
  'a text as spec': cluster({}, {}, { spec: 'x' }),
  'a list as spec': cluster({}, {}, { spec: [] }),
  'a fraction as replicas': cluster({}, { globalTopoServer: { etcd: { replicas: 1.5 } } }),
  'a text as replicas': cluster({}, { globalTopoServer: { etcd: { replicas: '3' } } }),
  'a number as quantity': cluster(
    {},
    {
      cells: [
        { name: 'z1', zoneId: 'a', spec: { multigateway: { resources: { limits: { cpu: 1 } } } } },
      ],
    },
  ),
  'a fraction as quantity': cluster(
    {},
    {
      cells: [
        {
          name: 'z1',
          zoneId: 'a',
          spec: { multigateway: { resources: { limits: { cpu: 1.5 } } } },
        },
      ],
    },
  ),
  'no quantity': cluster(
    {},
    {
      cells: [
        {
          name: 'z1',
          zoneId: 'a',
          spec: { multigateway: { resources: { limits: { cpu: 'x' } } } },
        },
      ],
    },
  ),
  'a name of 25 characters outside of ASCII': cluster(
    {},
    { externalGateway: { enabled: true, annotations: { ['\u{1F600}'.repeat(40)]: 'x' } } },
  ),
};

/** What the API server says to a client that wants no unknown fields, as kubectl does. */
async function theirVerdict(object: KubeObject, old?: KubeObject): Promise<string> {
  const url = (name?: string) =>
    `${apiPath(kindOf(object), namespace.name, name)}?dryRun=All&fieldValidation=Strict`;
  const put = (one: KubeObject): KubeObject => ({
    ...one,
    metadata: { ...one.metadata, namespace: namespace.name },
  });
  const stored = old ? await api.create(put(old)) : undefined;
  try {
    if (!stored) await api.raw('POST', url(), put(object));
    else {
      const metadata = { ...stored.metadata, ...put(object).metadata };
      await api.raw('PUT', url(object.metadata.name), { ...object, metadata });
    }
    return 'accepted';
  } catch (error) {
    if (!isKubeError(error) || error.status < 400 || error.status >= 500) throw error;
    return 'denied';
  } finally {
    if (stored)
      await api.raw('DELETE', apiPath(kindOf(object), namespace.name, object.metadata.name));
  }
}

describe('the verdict without an API server is that of the API server', { concurrency: 8 }, () => {
  const holds = createCelRules();
  const all = [
    ...schemaCases(),
    ...Object.entries(MORE).map(([name, object]) => ({ name, object, old: undefined })),
  ];
  for (const { name, object, old } of all)
    test(name, async () => {
      const ours = judgeManifest(object, { holds, webhooks: false, ...(old ? { old } : {}) });
      const texts = ours.findings.map(({ path: at, message }) => `${at}: ${message}`).join('\n');
      assert.equal(ours.verdict, await theirVerdict(object, old), texts);
    });
});

test('a number beyond 32 bits is denied, although the API server stores what nobody can read', async () => {
  const object = cluster({}, { globalTopoServer: { etcd: { replicas: 2 ** 40 + 1 } } });
  assert.equal(judgeManifest(object, { webhooks: false }).verdict, 'denied');
  assert.equal(await theirVerdict(object), 'accepted');
});

interface Ran {
  code: number | null;
  out: string;
  err: string;
}

function run(args: string[], input = ''): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: folder,
    env: { ...process.env, KUBECONFIG: kubeconfig() },
    input,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { code: status, out: stdout, err: stderr };
}

const manifest = (cells: string[], more = ''): string =>
  [
    'apiVersion: multigres.com/v1alpha1',
    'kind: MultigresCluster',
    'metadata: { name: live }',
    'spec:',
    '  postgresPasswordSecretRef: { name: live-password, key: password }',
    '  backup: { type: s3, s3: { bucket: b, region: r } }',
    '  cells:',
    ...cells.map((cell) => `    - { name: ${cell}, zoneId: ${cell} }`),
    more,
  ].join('\n');

describe('against a cluster', () => {
  before(async () => {
    const template = { apiVersion: 'multigres.com/v1alpha1', kind: 'CellTemplate', spec: {} };
    await api.create({ ...template, metadata: { name: 'small', namespace: namespace.name } });
    const three = readYaml(manifest(['z1', 'z2', 'z3'])).documents[0]?.value as KubeObject;
    await api.create({ ...three, metadata: { ...three.metadata, namespace: namespace.name } });
  });

  const lint = (text: string, ...more: string[]): Ran =>
    run(['lint', '-', '--against-cluster', '-n', namespace.name, ...more], text);

  test('stored objects forbid what may not change', () => {
    const text = manifest(['z1', 'z2']);
    assert.equal(run(['lint', '-'], text).code, 0);
    const { code, out, err } = lint(text);
    assert.equal(code, 1, err);
    assert.match(out, /^-:7:3: error: MultigresCluster\/live: \/spec\/cells: .*\[rule\]$/m);
  });

  test('templates of the cluster are found', () => {
    const more = '  templateDefaults: { cellTemplate: small }';
    const text = manifest(['z1', 'z2', 'z3'], more).replace('name: live', 'name: fresh');
    assert.equal(run(['lint', '-', '-n', namespace.name], text).code, 1);
    const { code, out, err } = lint(text);
    assert.equal(code, 0, out + err);
  });

  test('a Secret that is not there is told', () => {
    const text = manifest(['z1', 'z2', 'z3']).replace('name: live', 'name: fresh');
    const { out } = lint(text);
    assert.match(out, /warning: .*live-password.*\[MG018\]/);
  });

  test('explain takes the templates of the cluster', () => {
    const more = '  templateDefaults: { cellTemplate: small }';
    const args = ['explain', '-', '--against-cluster', '-n', namespace.name];
    const { code, out, err } = run(args, manifest(['z1', 'z2', 'z3'], more));
    assert.equal(code, 0, err);
    assert.match(out, /# templates: CellTemplate small$/m);
  });

  test('modes that the installation and the namespace set are in force', async () => {
    const text = manifest(['z1', 'z2', 'z3'], '  durabilityPolicy: ALL').replace('live', 'fresh');
    const verdict = (): string => /\[MG005\]/.exec(lint(text).out)?.[0] ?? 'nothing';
    assert.equal(verdict(), '[MG005]');
    // sorts before any other, and asks for nothing
    const name = `aa-${namespace.name}`;
    const configurations = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
    await api.raw('POST', configurations, {
      metadata: { name },
      webhooks: [
        {
          name: 'validate.multigres.com',
          clientConfig: { service: { namespace: namespace.name, name: 'none' } },
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          failurePolicy: 'Ignore',
          rules: [],
        },
      ],
    });
    try {
      const configMap = { apiVersion: 'v1', kind: 'ConfigMap', data: {} };
      const modes = { 'mode.durability-known': 'off', 'mode.durability-can-be-met': 'off' };
      const metadata = { name: `${name}-policies`, namespace: namespace.name };
      await api.create({ ...configMap, metadata, data: modes });
      assert.equal(verdict(), 'nothing');
      const label = 'policies.multigres.com/durability-known=deny';
      kubectl(['label', 'namespace', namespace.name, label]);
      assert.equal(verdict(), '[MG005]');
    } finally {
      await api.raw('DELETE', `${configurations}/${name}`);
    }
  });

  /** A kubeconfig of somebody with these rights and no others. */
  async function kubeconfigOf(name: string, rules: object[]): Promise<string> {
    const ns = namespace.name;
    kubectl(['create', 'serviceaccount', name, '-n', ns]);
    const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${ns}`;
    await api.raw('POST', `${rbac}/roles`, { metadata: { name }, rules });
    await api.raw('POST', `${rbac}/rolebindings`, {
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace: ns }],
    });
    const token = kubectl(['create', 'token', name, '-n', ns]).trim();
    const view = kubectl(['config', 'view', '--raw', '--flatten', '--minify', '-o', 'json']);
    const config = JSON.parse(view) as { users: { user: object }[] };
    for (const user of config.users) user.user = { token };
    const file = path.join(folder, `${name}.kubeconfig`);
    writeFileSync(file, JSON.stringify(config));
    return file;
  }

  const READ = { apiGroups: ['multigres.com'], resources: ['*'], verbs: ['get', 'list'] };

  test('what a person may not read is told and not judged', async () => {
    const file = await kubeconfigOf('reader', [READ]);
    const { code, out, err } = lint(manifest(['z1', 'z2']), '--kubeconfig', file);
    assert.equal(code, 1, out + err);
    assert.match(out, /\/spec\/cells: .*\[rule\]/);
    assert.doesNotMatch(out, /no Node|StorageClass/);
    assert.match(err, /^note: cannot read nodes: what depends on them is not judged$/m);
  });

  test('a policy is set aside for whom RBAC allows it', async () => {
    const annotations = {
      'multigres.com/bypass-policies': 'durability-known',
      'multigres.com/bypass-reason': 'a test of the name to come',
    };
    const text = manifest(['z1', 'z2', 'z3'], '  durabilityPolicy: ALL').replace(
      'metadata: { name: live }',
      `metadata: ${JSON.stringify({ name: 'fresh', annotations })}`,
    );
    const right = (...resourceNames: string[]): object => ({
      apiGroups: ['multigres.com'],
      resources: ['policies'],
      verbs: ['bypass'],
      resourceNames,
    });
    const other = await kubeconfigOf('other', [READ, right('zones-exist')]);
    const refused = lint(text, '--kubeconfig', other);
    assert.equal(refused.code, 1, refused.out + refused.err);
    assert.match(refused.out, /MG005/);
    const file = await kubeconfigOf('breaker', [READ, right('durability-known')]);
    const { code, out, err } = lint(text, '--kubeconfig', file);
    assert.equal(code, 0, out + err);
    assert.match(out, /warning: .*a test of the name to come.*\[MG005\]/);
  });

  test('a cluster that cannot be reached is no verdict', () => {
    const { code, err } = lint(manifest(['z1']), '--context', 'nowhere');
    assert.equal(code, 2);
    assert.match(err, /there is no context nowhere; there are/);
    const missing = lint(manifest(['z1']), '--kubeconfig', path.join(folder, 'nothing'));
    assert.equal(missing.code, 2);
  });
});

test('kubectl runs it as a plugin', () => {
  symlinkSync(program, path.join(folder, 'kubectl-multigres'));
  writeFileSync(path.join(folder, 'm.yaml'), manifest(['z1', 'z2', 'z3']));
  const out = execFileSync(process.env['KUBECTL'] ?? 'kubectl', ['multigres', 'lint', 'm.yaml'], {
    cwd: folder,
    env: {
      ...process.env,
      PATH: `${folder}:${path.dirname(process.execPath)}:${process.env['PATH']}`,
    },
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.match(out, /^1 object, all accepted/);
});
