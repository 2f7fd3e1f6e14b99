/** The real webhook process between a real API server and what users send. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { apiPath, kindOf, refOf, type KubeApi } from '../../kube/api.ts';
import { KubeError } from '../../kube/errors.ts';
import { KINDS, type KubeObject } from '../../schemas/k8s.ts';
import type { MultigresCluster } from '../../schemas/types.ts';
import type { WebhookConfiguration } from '../../webhook/configurations.ts';
import { connect, kubectl, installCrds } from '../support/cluster.ts';
import { objectsIn, pools, refusedObjects, shard, zone } from '../support/objects.ts';
import { eventually, startWebhook, type RunningWebhook } from '../support/webhook.ts';

const operator = `hook-operator-${process.pid}`;
const ns = `hook-${process.pid}`;
const configuration = 'multigres-operator';
const CONTROLLER = `system:serviceaccount:${operator}:multigres-operator-controller`;
const args = [`--namespace=${operator}`, '--check-seconds=1'];

let api: KubeApi;
let close: () => Promise<void>;
let webhooks: RunningWebhook[] = [];

before(async () => {
  ({ api, close } = connect());
  installCrds();
  for (const name of [operator, ns]) kubectl(['create', 'namespace', name]);
  kubectl(['create', 'secret', 'generic', 'pw', '-n', ns, '--from-literal=password=x']);
  const binding = ['--clusterrole=cluster-admin', `--user=${CONTROLLER}`];
  kubectl(['create', 'clusterrolebinding', `hook-${process.pid}`, ...binding]);
  // At once, so that both want to make the CA.
  webhooks = await Promise.all([startWebhook(args), startWebhook(args)]);
});

after(async () => {
  await Promise.all(webhooks.map((webhook) => webhook.stop()));
  for (const kind of ['mutatingwebhookconfiguration', 'validatingwebhookconfiguration']) {
    kubectl(['delete', kind, configuration, '--ignore-not-found']);
  }
  kubectl(['delete', 'clusterrolebinding', `hook-${process.pid}`]);
  for (const name of [operator, ns]) kubectl(['delete', 'namespace', name, '--wait=false']);
  await close();
});

const { base, template } = objectsIn(ns);

/** The object as it would be stored. */
const tryCreate = async (object: KubeObject): Promise<MultigresCluster> =>
  (await api.raw('POST', `${apiPath(kindOf(object), ns)}?dryRun=All`, object)) as MultigresCluster;

/** The error text of a refusal by a policy. */
async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof KubeError, String(error));
    assert.equal(error.status, 403, error.message);
    assert.match(error.message, /multigres\.com.*denied the request/);
    return error.message;
  }
  return assert.fail('accepted');
}

/** Stores `old`, tries to change it to `now` (dry run), and removes it. */
async function tryUpdate(old: KubeObject, now: KubeObject): Promise<MultigresCluster> {
  const stored = await api.create(old);
  const { name } = stored.metadata;
  try {
    const changed = { ...now, metadata: { ...stored.metadata, ...now.metadata } };
    const path = `${apiPath(kindOf(now), ns, name)}?dryRun=All`;
    return (await api.raw('PUT', path, changed)) as MultigresCluster;
  } finally {
    await api.delete(refOf(stored));
  }
}

describe('certificates', () => {
  test('replicas that start together share one CA, and both configurations trust it', async () => {
    const secret = await api.get({
      kind: KINDS.Secret,
      namespace: operator,
      name: 'multigres-webhook-ca',
    });
    for (const kind of [KINDS.MutatingWebhookConfiguration, KINDS.ValidatingWebhookConfiguration]) {
      const found = (await api.get({ kind, name: configuration })) as WebhookConfiguration;
      assert.equal(found.webhooks[0]?.clientConfig.caBundle, secret?.data?.['ca.crt']);
    }
  });

  test('a CA bundle that somebody removes comes back', async () => {
    const ref = { kind: KINDS.ValidatingWebhookConfiguration, name: configuration };
    const found = (await api.get(ref)) as WebhookConfiguration;
    const [webhook] = found.webhooks;
    assert.ok(webhook);
    const { caBundle, ...client } = webhook.clientConfig;
    const broken = { metadata: {}, webhooks: [{ ...webhook, clientConfig: client }] };
    await api.mergePatch(ref, broken);
    await eventually('the bundle', async () => {
      const now = (await api.get(ref)) as WebhookConfiguration;
      return now.webhooks[0]?.clientConfig.caBundle === caBundle ? true : undefined;
    });
  });
});

describe('defaults', () => {
  test('a minimal cluster is stored with what must not change under it', async () => {
    const { spec } = await tryCreate(base());
    assert.deepEqual(spec, {
      ...base().spec,
      images: { imagePullPolicy: 'IfNotPresent' },
      logLevels: {
        pgctld: 'info',
        multipooler: 'info',
        multiorch: 'info',
        multiadmin: 'info',
        multigateway: 'info',
      },
      topologyPruning: { enabled: true },
      durabilityPolicy: 'AT_LEAST_2',
      postgresSuperuser: 'postgres',
      pvcDeletionPolicy: { whenDeleted: 'Delete', whenScaled: 'Delete' },
      backup: { type: 'filesystem', filesystem: { path: '/backups', storage: { size: '10Gi' } } },
      databases: shard({}).databases,
    });
  });

  test('what the user wrote stays as it was written', async () => {
    const buffer = { window: '1m', maxFailoverDuration: '60s' };
    const multigateway = { buffer, resources: { requests: { cpu: '1000m' }, limits: {} } };
    const cells = [{ ...zone('z1'), spec: { multigateway } }];
    assert.deepEqual((await tryCreate(base({ cells }))).spec?.cells, cells);
  });

  test('a block that only says how, not what, inherits', async () => {
    const { spec } = await tryCreate(
      base({ multiadmin: { placement: {} }, globalTopoServer: { pvcDeletionPolicy: {} } }),
    );
    assert.deepEqual(spec?.multiadmin?.spec, {});
    assert.deepEqual(spec?.globalTopoServer?.etcd, {});
  });

  test('applying the same again changes nothing', async () => {
    const stored = await api.create(base({}, 'same'));
    const again = await api.raw('PUT', apiPath(KINDS.MultigresCluster, ns, 'same'), {
      ...base({}, 'same'),
      metadata: { name: 'same', namespace: ns, resourceVersion: stored.metadata.resourceVersion },
    });
    assert.equal((again as KubeObject).metadata.generation, 1);
    assert.equal((again as KubeObject).metadata.resourceVersion, stored.metadata.resourceVersion);
    await api.delete(refOf(stored));
  });

  test('what is removed comes back', async () => {
    const old = base({ backup: { type: 's3', s3: { bucket: 'b', region: 'r' } } }, 'removed');
    const { spec } = await tryUpdate(old, base({}, 'removed'));
    assert.equal(spec?.backup?.type, 'filesystem');
  });
});

describe('creation', { concurrency: 4 }, () => {
  for (const [name, object, text] of refusedObjects(ns)) {
    test(`refuses ${name}`, async () => {
      assert.match(await refusal(tryCreate(object)), text);
    });
  }

  test('tells all problems at once', async () => {
    const text = await refusal(
      tryCreate(
        base({
          templateDefaults: {},
          durabilityPolicy: 'AT_LEST_2',
          ...pools({ My_Pool: { storage: { size: '1GB' } } }),
        }),
      ),
    );
    for (const code of ['MG005', 'MG011', 'MG014']) assert.match(text, new RegExp(code));
    assert.match(text, /3 problems/);
  });

  test('accepts overrides without a template, and an external topology', async () => {
    await tryCreate(base({ cells: [{ ...zone('z1'), overrides: { multigateway: {} } }] }));
    await tryCreate(base({ globalTopoServer: { external: { endpoints: ['https://e:2379'] } } }));
  });

  test('knows a template that came just before', async () => {
    const made = await api.create(template('CellTemplate', 'fresh', {}));
    await tryCreate(base({ templateDefaults: { cellTemplate: 'fresh' } }));
    await api.delete(refOf(made));
  });

  test('warns and lets pass', async () => {
    const object = base({ cells: [{ name: 'z1', zoneId: 'zone-x' }] }, 'warned');
    const secretless = { ...object.spec, postgresPasswordSecretRef: { name: 'no', key: 'k' } };
    await tryCreate({ ...object, spec: secretless });
    const policies = await eventually('the line of the log', () =>
      webhooks
        .flatMap(({ log }) => log)
        .find((line) => line['name'] === 'warned' && line['step'] === 'validate'),
    );
    const found = policies['policies'] as string[];
    for (const id of ['backup-shared-volume', 'zones-exist', 'password-secret']) {
      assert.ok(found.includes(id), id);
    }
    assert.equal(policies['verdict'], 'allowed');
  });
});

describe('change', () => {
  const sized = (size: string) => base(pools({ main: { storage: { size } } }), 'sized');
  const etcd = (replicas: number) => base({ globalTopoServer: { etcd: { replicas } } }, 'etcd');

  test('volumes grow and do not shrink', async () => {
    assert.match(await refusal(tryUpdate(sized('10Gi'), sized('5Gi'))), /MG015/);
    await tryUpdate(sized('10Gi'), sized('20Gi'));
    await tryUpdate(sized('1Gi'), sized('1024Mi'));
  });

  test('the number of etcd members stays', async () => {
    assert.match(await refusal(tryUpdate(etcd(3), etcd(5))), /MG024/);
    assert.match(await refusal(tryUpdate(etcd(5), base({}, 'etcd'))), /MG024/);
    const external = { globalTopoServer: { external: { endpoints: ['https://e:2379'] } } };
    await tryUpdate(etcd(3), base(external, 'etcd'));
  });

  test('zone, superuser and initdb arguments may change', async () => {
    const next = { cells: [{ name: 'z1', zoneId: 'zone-b' }], postgresSuperuser: 'admin' };
    await tryUpdate(base({}, 'moved'), base(next, 'moved'));
  });

  test('a status may be written by anybody who is allowed to', async () => {
    const stored = await api.create(base({}, 'status'));
    await api.mergePatch(
      refOf(stored),
      { status: { phase: 'Healthy' } },
      { subresource: 'status' },
    );
  });
});

describe('templates', () => {
  const cellTemplate = (buffer: object) =>
    template('CellTemplate', 'shared', { multigateway: { buffer } });

  test('a template that is in use stays; one that is not goes', async () => {
    const core = await api.create(template('CoreTemplate', 'core', {}));
    const cluster = await api.create(base({ templateDefaults: { coreTemplate: 'core' } }, 'user'));
    assert.match(await refusal(api.delete(refOf(core))), /MultigresCluster user.*MG003/);
    await api.mergePatch(refOf(cluster), { metadata: { finalizers: ['test/hold'] } });
    await api.delete(refOf(cluster));
    await api.delete(refOf(core));
    // The template is gone and the cluster could not be resolved: its finalizer must go all the same.
    await api.mergePatch(refOf(cluster), { metadata: { finalizers: null } });
    assert.equal(await api.get(refOf(cluster)), undefined);
  });

  test('a template cannot break a cluster that uses it', async () => {
    const made = await api.create(cellTemplate({ window: '5s' }));
    const overrides = { multigateway: { buffer: { maxFailoverDuration: '15s' } } };
    const cells = [{ ...zone('z1'), cellTemplate: 'shared', overrides }];
    const cluster = await api.create(base({ cells }, 'consumer'));
    const { resourceVersion } = made.metadata;
    const put = (buffer: object) =>
      api.raw('PUT', `${apiPath(KINDS.CellTemplate, ns, 'shared')}?dryRun=All`, {
        ...cellTemplate(buffer),
        metadata: { name: 'shared', namespace: ns, resourceVersion },
      });
    // The copy of the webhook may take a moment to see the new cluster.
    const text = await eventually('the refusal', () =>
      refusal(put({ window: '18s' })).catch(() => undefined),
    );
    assert.match(text, /consumer.*cell z1.*MG021/);
    await put({ window: '12s' });
    await api.delete(refOf(cluster));
    await api.delete(refOf(made));
  });
});

describe('objects of the operator', () => {
  const object = {
    apiVersion: 'multigres.com/v1alpha1',
    kind: 'TopoServer',
    metadata: { name: 'child', namespace: ns },
    spec: { etcd: { replicas: 1 } },
  };
  const as = (user: string, ...rest: string[]) =>
    kubectl([...rest, '-n', ns, `--as=${user}`], JSON.stringify(object));
  const label = (user: string, value: string) =>
    as(user, 'label', '--overwrite', 'toposerver', 'child', `x=${value}`);

  test('are written by the operator, not by an administrator', async () => {
    assert.match(await refusal(tryCreate(object)), /TopoServer child.*MG002/);
    as(CONTROLLER, 'create', '-f', '-');
    label(CONTROLLER, 'y');
    assert.throws(
      () => kubectl(['label', 'toposerver', 'child', '-n', ns, 'x=z', '--overwrite']),
      /MG002/,
    );
    assert.throws(() => kubectl(['delete', 'toposerver', 'child', '-n', ns]), /MG002/);
    const elsewhere = `system:serviceaccount:${ns}:multigres-operator-controller`;
    kubectl([
      'create',
      'rolebinding',
      'else',
      '-n',
      ns,
      '--clusterrole=cluster-admin',
      `--user=${elsewhere}`,
    ]);
    assert.throws(() => label(elsewhere, 'z'), /MG002/);
    as(CONTROLLER, 'delete', 'toposerver', 'child');
  });
});

describe('the check of an installation', () => {
  const check = (seconds: number) =>
    spawnSync(
      process.execPath,
      ['webhook/main.ts', `--namespace=${ns}`, `--self-check-seconds=${seconds}`],
      { cwd: new URL('../..', import.meta.url), encoding: 'utf8', env: process.env },
    );
  test('says that the API server reaches the webhook', () => {
    const { status, stdout } = check(20);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /the API server reaches the webhook/);
  });
});

describe('a webhook that is down', () => {
  test('stops new clusters, and neither the operator nor a deletion', async () => {
    const cluster = await api.create({
      ...base({}, 'left'),
      metadata: { name: 'left', namespace: ns, finalizers: ['test/hold'] },
    });
    await api.delete(refOf(cluster));
    const codes = await Promise.all(webhooks.map((webhook) => webhook.stop()));
    assert.deepEqual(codes, [0, 0]);
    await assert.rejects(tryCreate(base()), /failed calling webhook/);
    await api.mergePatch(refOf(cluster), { metadata: { finalizers: null } });
    assert.equal(await api.get(refOf(cluster)), undefined);
    const child = JSON.stringify({
      apiVersion: 'multigres.com/v1alpha1',
      kind: 'TopoServer',
      metadata: { name: 'child2', namespace: ns },
      spec: { etcd: { replicas: 1 } },
    });
    kubectl(['create', '-f', '-', `--as=${CONTROLLER}`], child);
    const started = await startWebhook(args);
    webhooks = [started];
    await tryCreate(base());
  });
});
