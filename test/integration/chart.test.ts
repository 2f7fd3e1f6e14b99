/** The chart on a real API server: what it installs is valid, enough, and goes without a trace. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse, stringify } from 'yaml';
import type { KubeApi } from '../../kube/api.ts';
import { KINDS, type KubeObject } from '../../schemas/k8s.ts';
import type { WebhookConfiguration } from '../../webhook/configurations.ts';
import { CHART, CI_VALUES, helm, RELEASE, render, renderSmall } from '../support/chart.ts';
import { connect, kubeconfig, kubectl } from '../support/cluster.ts';
import { objectsIn } from '../support/objects.ts';
import { startWebhook } from '../support/webhook.ts';

const namespace = `chart-${process.pid}`;
const CONFIGURATIONS = [KINDS.MutatingWebhookConfiguration, KINDS.ValidatingWebhookConfiguration];
const folder = mkdtempSync(path.join(tmpdir(), 'multigres-chart-'));
let api: KubeApi;
let close: () => Promise<void>;

before(() => {
  ({ api, close } = connect());
  // The namespaces that the values of ci/ name.
  for (const name of ['operators', 'team-a', 'team-b']) {
    kubectl(['create', 'namespace', name]);
  }
});

after(async () => {
  helm(['uninstall', RELEASE, '-n', namespace, '--ignore-not-found']);
  for (const name of ['operators', 'team-a', 'team-b', namespace]) {
    kubectl(['delete', 'namespace', name, '--ignore-not-found', '--wait=false']);
  }
  rmSync(folder, { recursive: true });
  await close();
});

function run(args: string[]): void {
  const { code, out } = helm([...args, '-n', namespace, '--kubeconfig', kubeconfig()]);
  assert.equal(code, 0, out);
}

/** A kubeconfig that acts as one of the chart's service accounts. */
function kubeconfigOf(account: string): string {
  const config = parse(readFileSync(kubeconfig(), 'utf8')) as {
    users: { name: string; user: object }[];
  };
  const token = kubectl(['create', 'token', account, '-n', namespace]).trim();
  const file = path.join(folder, account);
  const users = config.users.map(({ name }) => ({ name, user: { token } }));
  writeFileSync(file, stringify({ ...config, users }), { mode: 0o600 });
  return file;
}

const bundles = async (): Promise<(string | undefined)[]> =>
  Promise.all(
    CONFIGURATIONS.map(async (kind) => {
      const found = (await api.get({ kind, name: RELEASE })) as WebhookConfiguration | undefined;
      return found?.webhooks[0]?.clientConfig.caBundle;
    }),
  );

describe('what the chart renders is what the API server takes', () => {
  for (const { name, file } of CI_VALUES) {
    test(name, () => {
      // The CRDs, which take seconds, once.
      const rendered = name.startsWith('defaults') ? render : renderSmall;
      const known = rendered(['-f', file]).filter(({ kind }) => !kind.endsWith('Monitor'));
      const list = { apiVersion: 'v1', kind: 'List', items: known };
      const force = ['--force-conflicts', '--field-manager=test'];
      kubectl(
        ['apply', '--server-side', '--dry-run=server', '-o', 'name', ...force, '-f', '-'],
        JSON.stringify(list),
      );
    });
  }
});

describe('a release', () => {
  // No kubelet runs here: pods become Ready without a program in them.
  const values = ['--set', 'image.repository=none.invalid/operator'];

  test('installs and waits', () => {
    run(['install', RELEASE, CHART, '--create-namespace', '--wait', '--timeout=120s', ...values]);
    kubectl(['wait', '--for=condition=Established', '--timeout=30s', 'crd', '--all']);
  });

  test('gives the webhook all the rights that it needs, and no more', async () => {
    const webhook = await startWebhook(
      [
        `--namespace=${namespace}`,
        `--ca-secret=${RELEASE}-webhook-ca`,
        `--service-name=${RELEASE}-webhook`,
        `--configuration-name=${RELEASE}`,
      ],
      { kubeconfig: kubeconfigOf(`${RELEASE}-webhook`), publish: 'service' },
    );
    const published = await bundles();
    assert.ok(published[0]);
    assert.equal(published[0], published[1]);
    const refused = webhook.log.filter((line) => /forbidden/i.test(JSON.stringify(line)));
    assert.deepEqual(refused, []);
    assert.equal(await webhook.stop(), 0);
    const may = (...what: string[]) =>
      kubectl([
        'auth',
        'can-i',
        ...what,
        '-q',
        `--as=system:serviceaccount:${namespace}:${RELEASE}-webhook`,
      ]);
    assert.throws(() => may('list', 'secrets', '-A'));
    assert.throws(() => may('delete', `validatingwebhookconfigurations/${RELEASE}`));
    assert.throws(() => may('create', 'pods', '-n', namespace));
  });

  test('keeps the CA and its bundle over an upgrade', async () => {
    const before = await bundles();
    run(['upgrade', RELEASE, CHART, '--no-hooks', ...values, '--set', 'webhook.logLevel=debug']);
    assert.deepEqual(await bundles(), before);
    const secret = { kind: KINDS.Secret, namespace, name: `${RELEASE}-webhook-ca` };
    assert.ok((await api.get(secret))?.data?.['ca.key']);
  });

  test('goes, and leaves the clusters and nothing that stands in their way', async () => {
    // The webhook does not answer here, so a cluster is stored past it: as its controller would.
    const { base } = objectsIn(namespace);
    const user = `system:serviceaccount:${namespace}:${RELEASE}-controller`;
    const admin = ['--clusterrole=cluster-admin', `--user=${user}`];
    kubectl(['create', 'rolebinding', 'past', '-n', namespace, ...admin]);
    kubectl(['create', `--as=${user}`, '-f', '-'], JSON.stringify(base({}, 'kept')));
    run(['uninstall', RELEASE, '--wait']);
    assert.deepEqual(await bundles(), [undefined, undefined]);
    const ref = { kind: KINDS.MultigresCluster, namespace, name: 'kept' };
    const kept = (await api.get(ref)) as KubeObject;
    assert.equal(kept.metadata.deletionTimestamp, undefined);
    await api.mergePatch(ref, { spec: { certCommonName: 'db.example.com' } });
    const left = kubectl([
      ...['get', 'deployments,services,roles,rolebindings,serviceaccounts,secrets,jobs'],
      ...['-n', namespace, '-l', `app.kubernetes.io/instance=${RELEASE}`, '-o', 'name'],
    ]);
    assert.equal(left, '');
    await api.delete(ref);
  });
});
