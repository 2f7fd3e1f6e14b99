/**
 * Both programs of an installed chart at work on a real API server, with no more rights and no other
 * settings than it gives them. There is no kubelet here: pods become Ready without containers.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import type { KubeApi } from '../../kube/api.ts';
import { KINDS, type KindName, type KubeObject } from '../../schemas/k8s.ts';
import type { MultigresCluster } from '../../schemas/types.ts';
import type { WebhookConfiguration } from '../../webhook/configurations.ts';
import { CHART, helm, RELEASE } from '../support/chart.ts';
import { connect, kubeconfig, kubectl } from '../support/cluster.ts';
import { startEtcd, type Etcd } from '../support/etcd.ts';
import { startProgram, type Program } from '../support/installed.ts';
import { eventually } from '../support/kube-api.ts';
import { freePort } from '../support/webhook.ts';

const OPERATOR = `installed-${process.pid}`;
const USER = `installed-user-${process.pid}`;
const CONFIGURATIONS = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'] as const;
/** helm keeps a release in a Secret, which holds no more. */
const SECRET_BYTES = 1_048_576;
const DRY_RUN = ['create', '--dry-run=server', '-o', 'json'];

let api: KubeApi;
let close: () => Promise<void>;
let etcd: Etcd;
let webhook: Program | undefined;
let controller: Program | undefined;

before(async () => {
  ({ api, close } = connect());
  etcd = await startEtcd();
  kubectl(['create', 'namespace', USER]);
  kubectl(['-n', USER, 'create', 'secret', 'generic', 'pw', '--from-literal=password=x']);
});

after(async () => {
  await controller?.stop();
  await webhook?.stop();
  helm(['uninstall', RELEASE, '-n', OPERATOR, '--ignore-not-found', '--kubeconfig', kubeconfig()]);
  for (const name of [OPERATOR, USER]) {
    kubectl(['delete', 'namespace', name, '--ignore-not-found', '--wait=false']);
  }
  await etcd.remove();
  await close();
});

function run(...args: string[]): string {
  const { code, out } = helm([...args, '-n', OPERATOR, '--kubeconfig', kubeconfig()]);
  assert.equal(code, 0, out);
  return out;
}

const configurations = (): Promise<(WebhookConfiguration | undefined)[]> =>
  Promise.all(
    CONFIGURATIONS.map(
      async (kind) =>
        (await api.get({ kind: KINDS[kind], name: RELEASE })) as WebhookConfiguration | undefined,
    ),
  );

const cluster = (more: object = {}): MultigresCluster => ({
  apiVersion: 'multigres.com/v1alpha1',
  kind: 'MultigresCluster',
  metadata: { name: 'c', namespace: USER },
  spec: {
    globalTopoServer: { external: { endpoints: [etcd.url], rootPath: '/installed/global' } },
    postgresPasswordSecretRef: { name: 'pw', key: 'password' },
    backup: { type: 's3', s3: { bucket: 'b', region: 'r' } },
    pvcDeletionPolicy: { whenDeleted: 'Delete' },
    cells: ['zone-a', 'zone-b', 'zone-c'].map((zoneId) => ({ name: zoneId, zoneId })),
    ...more,
  },
});

/** What a program was not allowed to do, by its log. */
const denials = (program: Program | undefined): unknown[] => {
  assert.ok(program && program.log.length > 0);
  return program.log.filter((line) => /forbidden/i.test(JSON.stringify(line)));
};

function mayI(account: string, question: string[]): string {
  const user = `--as=system:serviceaccount:${OPERATOR}:${RELEASE}-${account}`;
  try {
    return kubectl(['auth', 'can-i', ...question, user]).trim();
  } catch (error) {
    // kubectl says no with an exit code.
    return (error as { stdout: string }).stdout.trim();
  }
}

describe('a release', { concurrency: false }, () => {
  test('fits into the Secret in which helm keeps it', async () => {
    run('install', RELEASE, CHART, '--create-namespace', '--no-hooks');
    const name = `sh.helm.release.v1.${RELEASE}.v1`;
    const secret = await api.get({ kind: KINDS.Secret, namespace: OPERATOR, name });
    const [release] = Object.values(secret?.data ?? {});
    assert.ok(typeof release === 'string');
    assert.ok(release.length * 0.75 < SECRET_BYTES / 2, `${release.length} characters`);
  });

  test('writes nothing when nothing changes', async () => {
    const versions = async () =>
      (await configurations()).map((object) => object?.metadata.resourceVersion);
    const earlier = await versions();
    run('upgrade', RELEASE, CHART, '--no-hooks');
    assert.deepEqual(await versions(), earlier);
  });

  test('keeps the CA bundle over an upgrade of its object and a rollback', async () => {
    // Any certificate will do here: that of the API server itself.
    const { clusters } = parse(readFileSync(kubeconfig(), 'utf8')) as {
      clusters: { cluster: Record<string, string> }[];
    };
    const value = clusters[0]?.cluster['certificate-authority-data'];
    const patch = [{ op: 'add', path: '/webhooks/0/clientConfig/caBundle', value }];
    for (const kind of CONFIGURATIONS) {
      kubectl(['patch', kind, RELEASE, '--type=json', '-p', JSON.stringify(patch)]);
    }
    const bundles = async () =>
      (await configurations()).map((object) => object?.webhooks[0]?.clientConfig.caBundle);
    run('upgrade', RELEASE, CHART, '--no-hooks', '--set=webhook.trustedUsers={alice}');
    assert.match(JSON.stringify(await configurations()), /alice/);
    assert.deepEqual(await bundles(), [value, value]);
    run('rollback', RELEASE, '1', '--no-hooks');
    assert.doesNotMatch(JSON.stringify(await configurations()), /alice/);
    assert.deepEqual(await bundles(), [value, value]);
  });

  test('lets no cluster in while no webhook answers', () => {
    const refused = (spec: object) => () =>
      kubectl([...DRY_RUN, '-f', '-'], JSON.stringify(cluster(spec)));
    assert.throws(refused({}), /failed calling webhook "validate\.multigres\.com"/);
    // an empty block is for the other one to fill
    assert.throws(refused({ multiadmin: {} }), /failed calling webhook "mutate\.multigres\.com"/);
  });
});

describe('rights', () => {
  const CASES: [string, string, string[]][] = [
    ['controller', 'yes', ['create', 'pods', '-n', USER]],
    ['controller', 'yes', ['patch', 'shards.multigres.com', '--subresource=status', '-n', USER]],
    ['controller', 'no', ['delete', 'statefulsets', '-n', USER]],
    ['controller', 'no', ['delete', 'multigresclusters.multigres.com', '-n', USER]],
    ['controller', 'no', ['create', 'pods', '--subresource=exec', '-n', USER]],
    ['controller', 'no', ['patch', 'clusterroles', '-A']],
    ['webhook', 'yes', ['patch', `secrets/${RELEASE}-webhook-ca`, '-n', OPERATOR]],
    ['webhook', 'no', ['create', 'secrets', '-n', OPERATOR]],
    ['webhook', 'no', ['patch', 'multigresclusters.multigres.com', '-n', USER]],
  ];
  for (const [account, answer, question] of CASES) {
    const what = question.filter((word) => word !== '-n' && word !== USER).join(' ');
    test(`${account}: ${what}: ${answer}`, () => {
      assert.equal(mayI(account, question).split('\n').at(-1), answer);
    });
  }
});

describe('both programs', { concurrency: false }, () => {
  test('bring up the tree of a cluster', async () => {
    const port = await freePort();
    const url = `https://127.0.0.1:${port}`;
    // The API server finds this process by URL instead of by the Service.
    for (const kind of CONFIGURATIONS) {
      const clientConfig = { url: `${url}/${kind.startsWith('Mutating') ? 'mutate' : 'validate'}` };
      const patch = [{ op: 'replace', path: '/webhooks/0/clientConfig', value: clientConfig }];
      kubectl(['patch', kind, RELEASE, '--type=json', '-p', JSON.stringify(patch)]);
    }
    webhook = await startProgram(OPERATOR, `${RELEASE}-webhook`, (health) => [
      `--port=${port}`,
      '--host=127.0.0.1',
      `--health-address=${health}`,
      `--publish-url=${url}`,
      '--drain-seconds=0',
      '--log-level=debug',
    ]);
    controller = await startProgram(OPERATOR, `${RELEASE}-controller`, (health) => [
      `--health-probe-bind-address=${health}`,
      '--metrics-bind-address=0',
      '--log-level=debug',
    ]);
    await webhook.ready();
    await controller.ready();
    const created = (await api.create(cluster())) as MultigresCluster;
    assert.equal(created.spec?.durabilityPolicy, 'AT_LEAST_2', 'a default of the webhook');
    const labelSelector = 'app.kubernetes.io/component=shard-pool';
    const complete = async (): Promise<boolean> => {
      const pods = await api.list(KINDS.Pod, { namespace: USER, labelSelector });
      const events = await api.list(KINDS.Event, { namespace: USER });
      return pods.items.length === 3 && JSON.stringify(events.items).includes('PodCreated');
    };
    await eventually('three pool pods and their events', complete, 60_000);
  });

  test('accept the cluster that the notes of the installation name', () => {
    const notes = run('get', 'notes', RELEASE);
    const manifest = /<<'YAML'\n([\s\S]*?)\n {2}YAML/.exec(notes)?.[1]?.replaceAll(/^ {2}/gm, '');
    assert.ok(manifest, notes);
    const out = kubectl(
      ['-n', USER, ...DRY_RUN, '-f', '-'],
      manifest.replace('YOUR-ZONE', 'zone-a'),
    );
    assert.equal((JSON.parse(out) as KubeObject).metadata.name, 'demo');
  });

  test('let editors of a namespace change clusters and templates, not what belongs to us', () => {
    kubectl(['-n', USER, 'create', 'rolebinding', 'jane', '--clusterrole=edit', '--user=jane']);
    const can = (verb: string, what: string): boolean => {
      try {
        kubectl(['auth', 'can-i', '-q', verb, `${what}.multigres.com`, '-n', USER, '--as=jane']);
        return true;
      } catch {
        return false;
      }
    };
    const verdicts = ['multigresclusters', 'shardtemplates', 'shards'].map((what) => [
      can('get', what),
      can('patch', what),
    ]);
    assert.deepEqual(verdicts, [
      [true, true],
      [true, true],
      [true, false],
    ]);
  });

  test('remove the cluster with its volumes', async () => {
    kubectl(['-n', USER, 'delete', 'multigrescluster', 'c', '--wait=false']);
    const kinds: KindName[] = ['MultigresCluster', 'Shard', 'Pod', 'PersistentVolumeClaim'];
    const gone = async (): Promise<boolean> => {
      const lists = await Promise.all(
        kinds.map((kind) => api.list(KINDS[kind], { namespace: USER })),
      );
      return lists.every(({ items }) => items.length === 0);
    };
    await eventually('nothing of the cluster is left', gone, 90_000);
  });

  test('were never refused anything', async () => {
    assert.deepEqual(denials(controller), []);
    assert.deepEqual(denials(webhook), []);
    assert.equal(await controller?.stop(), 0);
    assert.equal(await webhook?.stop(), 0);
  });
});

describe('an uninstall', { concurrency: false }, () => {
  test('can be followed by an installation over the definitions that stayed', () => {
    run('uninstall', RELEASE, '--wait');
    run('install', RELEASE, CHART, '--no-hooks');
    run('uninstall', RELEASE);
    const out = kubectl([
      'get',
      'crd',
      '-l',
      `app.kubernetes.io/instance=${RELEASE}`,
      '-o',
      'name',
    ]);
    assert.equal(out.trim().split('\n').length, 8);
  });
});
