/** The command line beside a real API server: what it reads there, with whose rights, and as a plugin. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { appliedTo } from '../../cli/applied.ts';
import { readYaml } from '../../cli/yaml.ts';
import type { KubeApi } from '../../kube/api.ts';
import type { KubeObject } from '../../schemas/k8s.ts';
import { storedForm } from '../../schemas/stored-form.ts';
import { kubeconfig, kubectl } from '../support/cluster.ts';
import { namespaceWithKinds } from '../support/stage.ts';

const root = path.resolve(import.meta.dirname, '../..');
const program = path.join(root, 'cli/kubectl-multigres.mjs');
const folder = mkdtempSync(path.join(tmpdir(), 'multigres-test-cli-'));
let api: KubeApi;
let end: () => Promise<void>;
let namespace: { name: string };

before(async () => {
  ({ api, namespace, end } = await namespaceWithKinds('cli'));
});

after(async () => {
  await end();
  rmSync(folder, { recursive: true });
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

  test('what an apply would store is worked out as kubectl does', () => {
    const named = (more: string): string =>
      manifest(['z1', 'z2', 'z3'], more).replace('name: live', 'name: applied');
    const ns = ['-n', namespace.name];
    const get = (): KubeObject =>
      JSON.parse(kubectl([...ns, 'get', 'mgc', 'applied', '-o', 'json'])) as KubeObject;
    const others = {
      metadata: { annotations: { 'example.com/a': 'b' } },
      spec: { topologyPruning: { enabled: false }, logLevels: { multiorch: 'debug' } },
    };
    const before =
      '  certCommonName: a.example.com\n  logLevels: { pgctld: debug, multiadmin: warn }';
    for (const [file, then] of [
      [before, '  logLevels: { pgctld: debug }'],
      ['  logLevels: { pgctld: debug }', '  logLevels: { multiorch: null }'],
      ['  logLevels: { multiorch: null }', '  logLevels: { multiorch: null }'],
    ] as const) {
      kubectl([...ns, 'apply', '-f', '-'], named(file));
      const patch = ['patch', 'mgc', 'applied', '--type=merge', '-p', JSON.stringify(others)];
      kubectl([...ns, ...patch]);
      const stored = get();
      const apply = ['apply', '-f', '-', '--dry-run=server', '-o', 'json'];
      const theirs = JSON.parse(kubectl([...ns, ...apply], named(then))) as KubeObject;
      const ours = appliedTo(stored, readYaml(named(then)).documents[0]?.value as KubeObject);
      assert.deepEqual(storedForm(ours.kind, ours).spec, theirs.spec, then);
      assert.equal(ours.metadata.annotations?.['example.com/a'], 'b');
      const { code, out, err } = lint(named(then));
      assert.equal(code, 0, out + err);
    }
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
    assert.match(out, /warning: .*live-password.*\[MG018 /);
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
    const verdict = (): string => /\[MG005 /.exec(lint(text).out)?.[0] ?? 'nothing';
    assert.equal(verdict(), '[MG005 ');
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
      assert.equal(verdict(), '[MG005 ');
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
    assert.match(out, /warning: .*a test of the name to come.*\[MG005 /);
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
