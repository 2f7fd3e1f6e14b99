/** Modes, settings and bypasses of policies, with the real webhook process and a real API server. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import type { KubeApi } from '../../kube/api.ts';
import { KINDS, type KubeObject } from '../../schemas/k8s.ts';
import { connect, kubeconfig, kubectl, installCrds } from '../support/cluster.ts';
import { objectsIn } from '../support/objects.ts';
import { removeWebhookConfigurations } from '../support/stand-in.ts';
import { eventually, startWebhook, type RunningWebhook } from '../support/webhook.ts';

const operator = `modes-operator-${process.pid}`;
const ns = `modes-${process.pid}`;
const CONFIG = 'multigres-operator-policies';
const [ALICE, BOB] = [`alice-${process.pid}`, `bob-${process.pid}`];

let api: KubeApi;
let close: () => Promise<void>;
let webhook: RunningWebhook;

before(async () => {
  ({ api, close } = connect());
  installCrds();
  for (const name of [operator, ns]) kubectl(['create', 'namespace', name]);
  kubectl(['create', 'secret', 'generic', 'pw', '-n', ns, '--from-literal=password=x']);
  const rules = ['--verb=*', '--resource=multigresclusters.multigres.com'];
  kubectl(['create', 'role', 'clusters', '-n', ns, ...rules]);
  const users = [ALICE, BOB].map((user) => `--user=${user}`);
  kubectl(['create', 'rolebinding', 'clusters', '-n', ns, '--role=clusters', ...users]);
  webhook = await startWebhook([`--namespace=${operator}`, '--check-seconds=1']);
});

after(async () => {
  await webhook.stop();
  removeWebhookConfigurations();
  for (const name of [operator, ns]) kubectl(['delete', 'namespace', name, '--wait=false']);
  await close();
});

const { base } = objectsIn(ns);
/** Breaks zones-exist (warns by itself) and nothing else that denies. */
const nowhere = base({ cells: [{ name: 'z1', zoneId: 'zone-nowhere' }] });
/** Breaks durability-can-be-met, which denies by itself: one cell where two are needed. */
const oneCell = (name: string, annotations: Record<string, string> = {}): KubeObject => {
  const object = base({ durabilityPolicy: 'MULTI_CELL_AT_LEAST_2' }, name);
  return { ...object, metadata: { ...object.metadata, annotations } };
};
/** Annotations that ask for a bypass. */
const asking = (policies: string, reason = 'INC-1: a drill') => ({
  'multigres.com/bypass-policies': policies,
  'multigres.com/bypass-reason': reason,
});

/** All that kubectl says, on either output. */
function said(args: string[], object?: KubeObject): { ok: boolean; text: string } {
  const { status, stdout, stderr } = spawnSync(process.env['KUBECTL'] ?? 'kubectl', args, {
    env: { ...process.env, KUBECONFIG: kubeconfig() },
    encoding: 'utf8',
    timeout: 60_000,
    ...(object ? { input: JSON.stringify(object) } : {}),
  });
  return { ok: status === 0, text: `${stdout}${stderr}` };
}
const tryCreate = (object: KubeObject, ...args: string[]) =>
  said(['create', '-n', ns, '-f', '-', '--dry-run=server', ...args], object);

const configure = (data: Record<string, string | null>) =>
  api.mergePatch({ kind: KINDS.ConfigMap, namespace: operator, name: CONFIG }, { data });

const metric = async (name: string): Promise<string> => {
  const page = await (await fetch(`http://127.0.0.1:${webhook.healthPort}/metrics`)).text();
  return page.split('\n').find((line) => line.startsWith(name)) ?? '';
};

describe('modes', () => {
  /** Waits for an outcome, since a change acts in a moment. */
  const until = (what: string, pattern: RegExp | 'silence') =>
    eventually(what, () => {
      const { text } = tryCreate(nowhere);
      const seen = pattern === 'silence' ? !text.includes('MG008') : pattern.test(text);
      return seen ? true : undefined;
    });

  test('of a ConfigMap that comes, changes and goes act without a restart', async () => {
    await until('the warning', /Warning: .*zone-nowhere/);
    await api.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: CONFIG, namespace: operator },
      data: { 'mode.zones-exist': 'deny' },
    });
    await until('the denial', /denied the request: .*zone-nowhere[^]*policies MG008/);
    const start = performance.now();
    await configure({ 'mode.zones-exist': 'off' });
    await eventually('the line of the log', () =>
      webhook.log.find((line) => JSON.stringify(line['modes']) === '{"zones-exist":"off"}'),
    );
    // A second on a machine with nothing else to do.
    assert.ok(performance.now() - start < 2000, `${performance.now() - start} ms`);
    await until('nothing', 'silence');
    await configure({ 'mode.zones-exist': 'deny', 'setting.strictZones': 'true' });
    await until('the denial', /denied the request: .*zone-nowhere/);
  });

  test('that cannot be read are logged and counted, and what was there stays', async () => {
    await configure({ 'mode.zones-exist': 'strictly', 'mode.no-such': 'off' });
    const problems = await eventually('two lines of the log', () => {
      const lines = webhook.log.flatMap(({ problem }) => problem ?? []);
      return lines.length >= 2 ? lines : undefined;
    });
    assert.match(JSON.stringify(problems), /mode\.zones-exist.*strictly.*allowed: deny, warn, off/);
    assert.match(JSON.stringify(problems), /there is no policy no-such/);
    assert.match(tryCreate(nowhere).text, /denied the request: .*zone-nowhere/);
    assert.match(await metric('multigres_webhook_policy_config_errors_total'), / 2$/);
  });

  test('of a label of the namespace win, and those that cannot be read are told', async () => {
    const label = (...labels: string[]) =>
      kubectl(['label', '--overwrite', 'namespace', ns, ...labels]);
    label('policies.multigres.com/zones-exist=warn');
    await until('the warning', /Warning: .*zone-nowhere/);
    label('policies.multigres.com/zones-exist=off');
    await until('nothing', 'silence');
    label(
      'policies.multigres.com/zones-exist=loud',
      'policies.multigres.com/children-read-only=off',
    );
    await until('the denial', /denied the request: .*zone-nowhere/);
    const { text } = tryCreate(nowhere);
    assert.match(text, /Warning: label policies\.multigres\.com\/zones-exist=loud of namespace/);
    assert.match(text, /Warning: label policies\.multigres\.com\/children-read-only=off/);
    const child = {
      apiVersion: 'multigres.com/v1alpha1',
      kind: 'TopoServer',
      metadata: { name: 'child', namespace: ns },
      spec: { etcd: { replicas: 1 } },
    };
    assert.match(tryCreate(child).text, /MG002/);
    label('policies.multigres.com/zones-exist-', 'policies.multigres.com/children-read-only-');
    await api.delete({ kind: KINDS.ConfigMap, namespace: operator, name: CONFIG });
    await until('the warning', /Warning: .*zone-nowhere/);
  });
});

describe('a bypass', () => {
  const as = (user: string) => [`--as=${user}`, '--as-group=system:authenticated'];
  const events = async (name: string) =>
    (
      await api.list(KINDS.Event, {
        namespace: ns,
        fieldSelector: `involvedObject.name=${name},reason=PolicyBypassed`,
      })
    ).items as (KubeObject & { message: string; type: string })[];
  const bypass = (object: KubeObject, user: string, ...args: string[]) =>
    said(['create', '-n', ns, '-f', '-', ...as(user), ...args], object);

  before(() => {
    const role = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'bypass', namespace: ns },
      rules: [
        {
          apiGroups: ['multigres.com'],
          resources: ['policies'],
          resourceNames: ['durability-can-be-met'],
          verbs: ['bypass'],
        },
      ],
    };
    kubectl(['apply', '-f', '-'], JSON.stringify(role));
    kubectl(['create', 'rolebinding', 'bypass', '-n', ns, '--role=bypass', `--user=${ALICE}`]);
  });

  test('needs the right, a reason and ids that exist; the refusal shows the way', () => {
    const asked = asking('durability-can-be-met');
    const plain = bypass(oneCell('no'), BOB);
    assert.match(plain.text, /MG006/);
    assert.doesNotMatch(plain.text, /bypass/);
    const bob = bypass(oneCell('no', asked), BOB).text;
    assert.match(bob, /MG006/);
    assert.match(bob, /has no right to bypass policies\.multigres\.com\/durability-can-be-met in/);
    // What the text proposes is a Role that works.
    const [, role] = /a Role such as (\{.*\})/.exec(bob) ?? [];
    kubectl(['apply', '--dry-run=server', '-f', '-'], role);
    const mute = bypass(oneCell('no', { ...asked, 'multigres.com/bypass-reason': '' }), ALICE);
    assert.match(mute.text, /bypass-reason is missing/);
    const typo = bypass(oneCell('no', asking('durability-can-be-met,pool-name')), ALICE);
    assert.match(typo.text, /names "pool-name", which is no policy/);
  });

  test('leaves an Event and a number, but not on a dry run', async () => {
    const object = oneCell('dry', asking('durability-can-be-met'));
    const dry = bypass(object, ALICE, '--dry-run=server');
    assert.ok(dry.ok, dry.text);
    assert.match(dry.text, /Warning: bypassed by alice-\d+ \(INC-1: a drill\): /);
    const real = bypass(oneCell('real', asking('durability-can-be-met')), ALICE);
    assert.ok(real.ok, real.text);
    const [event] = await eventually('the Event', async () => {
      const found = await events('real');
      return found.length > 0 ? found : undefined;
    });
    assert.equal(event?.type, 'Warning');
    assert.match(
      event?.message ?? '',
      /^alice-\d+ bypassed durability-can-be-met \(CREATE.*\): INC-1: a drill$/,
    );
    assert.deepEqual(await events('dry'), []);
    const counted = 'multigres_webhook_bypass_total{policy="durability-can-be-met"}';
    assert.equal(await metric(counted), `${counted} 1`);
    const line = webhook.log.find((one) => one['name'] === 'real' && one['step'] === 'validate');
    assert.deepEqual(line?.['bypassed'], ['durability-can-be-met']);
    assert.equal(line?.['reason'], 'INC-1: a drill');
    // What was bypassed once is not judged again while only metadata changes.
    const label = ['label', 'multigrescluster', 'real', '-n', ns, 'a=b', ...as(BOB)];
    assert.ok(said(label).ok);
  });

  test('of a deletion is asked for by the stored object', async () => {
    const object = base({}, 'kept');
    const annotations = { 'multigres.com/deletion-protection': 'true' };
    await api.create({ ...object, metadata: { ...object.metadata, annotations } });
    const remove = () =>
      said([
        'delete',
        'multigrescluster',
        'kept',
        '-n',
        ns,
        ...as('admin'),
        '--as-group=system:masters',
      ]);
    assert.match(remove().text, /deletion-protection/);
    const patch = JSON.stringify({ metadata: { annotations: asking('deletion-protection') } });
    kubectl(['patch', 'multigrescluster', 'kept', '-n', ns, '--type=merge', '-p', patch]);
    const done = remove();
    assert.ok(done.ok, done.text);
    assert.match(done.text, /Warning: bypassed by admin/);
    await eventually('the Event', async () => (await events('kept'))[0]);
  });
});
