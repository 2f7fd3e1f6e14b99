/** The tree of a cluster on a real API server: it appears, is kept, costs nothing at rest, and goes. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, it } from 'node:test';
import type { KubeApi } from '../../kube/api.ts';
import { listCells } from '../../controller/topo/records.ts';
import type { Condition, KindName, KindRef, KubeObject } from '../../schemas/k8s.ts';
import { KINDS } from '../../schemas/k8s.ts';
import { fewestDuring } from '../support/pod-losses.ts';
import { quietFor, writesBetween, writesIn } from '../support/api-writes.ts';
import type { BudgetSpec } from '../support/budgets.ts';
import { connect, installCrds } from '../support/cluster.ts';
import type { RunningController } from '../support/controller.ts';
import { startController } from '../support/controller.ts';
import type { Etcd } from '../support/etcd.ts';
import { startEtcd } from '../support/etcd.ts';
import { eventually, makeNamespace } from '../support/kube-api.ts';

const CLUSTER = 'tree';
const ROOT = '/tree/global';
const ZONES = ['zone-a', 'zone-b', 'zone-c'];
const POOL_PODS = 'app.kubernetes.io/component=shard-pool';

let api: KubeApi;
let close: () => Promise<void>;
let etcd: Etcd;
let controller: RunningController;
let ns = '';
let removeNamespace: () => Promise<void>;

before(async () => {
  ({ api, close } = connect());
  installCrds();
  const namespace = await makeNamespace(api, 'tree');
  ns = namespace.name;
  removeNamespace = namespace.remove;
  etcd = await startEtcd();
  controller = startController([ns], { http: 29_881 });
});

after(async () => {
  await controller.stop();
  await etcd.remove();
  await removeNamespace();
  await close();
});

const cluster = (spec: object = {}): KubeObject => ({
  apiVersion: 'multigres.com/v1alpha1',
  kind: 'MultigresCluster',
  metadata: { name: CLUSTER, namespace: ns },
  spec: {
    globalTopoServer: { external: { endpoints: [etcd.url], rootPath: ROOT } },
    postgresPasswordSecretRef: { name: 'password', key: 'password' },
    backup: { type: 's3', s3: { bucket: 'b', region: 'r' } },
    pvcDeletionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    cells: ZONES.map((zoneId) => ({ name: zoneId, zoneId })),
    ...spec,
  },
});

const list = async (kind: KindName, labelSelector?: string): Promise<KubeObject[]> => {
  const options = { namespace: ns, ...(labelSelector === undefined ? {} : { labelSelector }) };
  return (await api.list(KINDS[kind], options)).items;
};
const only = async (kind: KindName): Promise<KubeObject> => {
  const [object] = await list(kind);
  assert.ok(object, `no ${kind}`);
  return object;
};
const statusOf = (object: KubeObject): { conditions?: Condition[]; message?: string } =>
  object.status ?? {};
const conditionOf = (object: KubeObject, type: string): Condition | undefined =>
  statusOf(object).conditions?.find((entry) => entry.type === type);
const running = async (): Promise<KubeObject[]> =>
  (await list('Pod', POOL_PODS)).filter(
    ({ metadata, status }) =>
      !metadata.deletionTimestamp && (status as { phase?: string }).phase === 'Running',
  );
const threeRunning = () =>
  eventually('three pool pods run', async () => {
    const pods = await running();
    return pods.length === 3 ? pods : undefined;
  });

describe('a cluster', { concurrency: false }, () => {
  it('tells that the password is missing and how to make it; everything else is there', async () => {
    await api.create(cluster());
    const text = await eventually('the condition appears on the cluster', async () => {
      const entry = conditionOf(await only('MultigresCluster'), 'SecretsReady');
      return entry?.status === 'False' ? entry.message : undefined;
    });
    assert.match(text, /Secret "password" does not exist in namespace .*: create it/);
    assert.equal((await list('Pod', POOL_PODS)).length, 0);
    const wanted: Partial<Record<KindName, number>> = {
      Cell: 3,
      TableGroup: 1,
      Shard: 1,
      Deployment: 8,
      ConfigMap: 3,
      Secret: 2,
    };
    for (const [kind, number] of Object.entries(wanted) as [KindName, number][]) {
      await eventually(`${number} of ${kind}`, async () => {
        const found = await list(kind, 'app.kubernetes.io/part-of=multigres');
        return found.length === number;
      });
    }
  });

  it('writes its topology', async () => {
    await eventually('cell records', async () => (await listCells(etcd.client, ROOT)).length === 3);
    const entry = await eventually('condition', async () => {
      const found = conditionOf(await only('MultigresCluster'), 'TopologyRegistered');
      return found?.status === 'True' ? found : undefined;
    });
    assert.equal(entry.reason, 'Registered');
  });

  it('creates its pods once the password is there, one per zone', async () => {
    await api.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'password', namespace: ns },
      data: { password: Buffer.from('secret').toString('base64') },
    });
    const pods = await threeRunning();
    const cells = pods.map(({ metadata }) => metadata.labels?.['multigres.com/cell'] ?? '');
    assert.deepEqual(new Set(cells), new Set(ZONES));
    const shard = await eventually('the shard counts them', async () => {
      const found = await only('Shard');
      return (found.status as { readyReplicas?: number }).readyReplicas === 3 ? found : undefined;
    });
    assert.match(statusOf(shard).message ?? '', /0 of 3 poolers registered/);
    assert.equal(conditionOf(shard, 'Available')?.status, 'False');
  });

  const writes = async () => writesIn(String(await api.raw('GET', '/metrics')));
  const settled = () =>
    eventually('five seconds without a write', () => quietFor(5_000, writes), 60_000);

  it('writes nothing in two minutes in which nothing changes', { timeout: 300_000 }, async () => {
    const before = await settled();
    await sleep(120_000);
    assert.deepEqual(writesBetween(before, await writes()), {});
  });

  it('writes nothing when it starts anew', { timeout: 120_000 }, async () => {
    const before = await writes();
    await controller.stop();
    controller = startController([ns], { http: 29_881 });
    await eventually('it has looked at every object', async () => {
      const answer = await fetch('http://127.0.0.1:29881/readyz').catch(() => undefined);
      return answer?.ok;
    });
    assert.deepEqual(writesBetween(before, await settled()), {});
  });

  it('brings back a pod under its name', async () => {
    const [pod] = await running();
    assert.ok(pod);
    await api.delete({ kind: KINDS.Pod, namespace: ns, name: pod.metadata.name });
    const again = await eventually('the pod is back', async () => {
      const found = (await running()).find(({ metadata }) => metadata.name === pod.metadata.name);
      return found && found.metadata.uid !== pod.metadata.uid ? found : undefined;
    });
    assert.equal(again.metadata.name, pod.metadata.name);
  });

  it('brings back Services, settings and certificates, and undoes edits', async () => {
    const [service] = await list('Service', POOL_PODS);
    assert.ok(service);
    const { name } = service.metadata;
    await api.delete({ kind: KINDS.Service, namespace: ns, name });
    const secret = (await list('Secret', 'app.kubernetes.io/part-of=multigres')).find(
      ({ metadata }) => metadata.name.endsWith('-tls'),
    );
    assert.ok(secret);
    await api.delete({ kind: KINDS.Secret, namespace: ns, name: secret.metadata.name });
    const gateway = `${CLUSTER}-multigateway`;
    await api.mergePatch(
      { kind: KINDS.Service, namespace: ns, name: gateway },
      { spec: { selector: { 'app.kubernetes.io/component': 'wrong' } } },
    );
    const [pod] = await running();
    assert.ok(pod);
    const podRef = { kind: KINDS.Pod, namespace: ns, name: pod.metadata.name };
    await api.mergePatch(podRef, { metadata: { labels: { 'multigres.com/pool': 'wrong' } } });
    const there = async (kind: KindRef, of: string): Promise<boolean> =>
      (await api.get({ kind, namespace: ns, name: of })) !== undefined;
    await eventually('the Service of a pod is back', () => there(KINDS.Service, name));
    await eventually('the certificate is back', () => there(KINDS.Secret, secret.metadata.name));
    await eventually('the selector is right again', async () => {
      const { spec } = (await api.get({ kind: KINDS.Service, namespace: ns, name: gateway })) ?? {};
      const { selector = {} } = (spec ?? {}) as { selector?: Record<string, string> };
      return selector['app.kubernetes.io/component'] === 'multigateway';
    });
    await eventually('the label is right again', async () => {
      const labels = (await api.get(podRef))?.metadata.labels;
      return labels?.['multigres.com/pool'] === 'default';
    });
  });

  it('brings back a lost record', async () => {
    await etcd.client.delete(`${ROOT}/cells/zone-b/Cell`);
    await api.mergePatch(
      { kind: KINDS.MultigresCluster, namespace: ns, name: CLUSTER },
      { spec: { logLevels: { multiorch: 'debug' } } },
    );
    await eventually(
      'the cell record',
      async () => (await listCells(etcd.client, ROOT)).length === 3,
    );
  });

  it('adds pods in all zones at once', async () => {
    await api.mergePatch(
      { kind: KINDS.MultigresCluster, namespace: ns, name: CLUSTER },
      {
        spec: {
          databases: [
            {
              name: 'postgres',
              default: true,
              tablegroups: [
                {
                  name: 'default',
                  default: true,
                  shards: [
                    {
                      name: '0-inf',
                      spec: {
                        multiorch: { cells: ZONES },
                        pools: { default: { type: 'readWrite', cells: ZONES, replicasPerCell: 2 } },
                      },
                    },
                  ],
                },
              ],
            },
          ],
        },
      },
    );
    await eventually('six pods', async () => (await running()).length === 6, 40_000);
    // Five of six hold a majority and every write. No pod is labelled primary, as no runtime runs here: the
    // standbys' budget is over all.
    const budgets = (await list('PodDisruptionBudget', POOL_PODS)).map(({ spec }) => {
      const { minAvailable, selector } = spec as BudgetSpec;
      return `${selector.matchExpressions?.[0]?.operator} ${minAvailable}`;
    });
    assert.deepEqual(budgets.toSorted(), ['In 1', 'NotIn 5']);
  });

  it('takes pods away that are not asked for, and keeps their volumes by policy', async () => {
    const { databases } = (await only('MultigresCluster')).spec as { databases: object[] };
    const text = JSON.stringify(databases).replace('"replicasPerCell":2', '"replicasPerCell":1');
    await api.mergePatch(
      { kind: KINDS.MultigresCluster, namespace: ns, name: CLUSTER },
      { spec: { databases: JSON.parse(text) } },
    );
    await eventually('three pods', async () => (await running()).length === 3, 60_000);
    await eventually(
      'three retained volumes',
      async () => {
        const claims = await list('PersistentVolumeClaim', 'multigres.com/orphan-since');
        return claims.length === 3;
      },
      40_000,
    );
  });

  it('replaces pods one at a time and names the difference', async () => {
    const uids = async () => new Set((await running()).map(({ metadata }) => metadata.uid));
    const before = await uids();
    const fewest = await fewestDuring(api, ns, await running(), async () => {
      await api.mergePatch(
        { kind: KINDS.MultigresCluster, namespace: ns, name: CLUSTER },
        { spec: { images: { multipooler: 'example.com/multipooler:2' } } },
      );
      await eventually(
        'three new pods',
        async () => {
          const now = await uids();
          return now.size === 3 && now.isDisjointFrom(before);
        },
        90_000,
      );
    });
    assert.equal(fewest, 2);
    const { items } = await api.list(KINDS.Event, { namespace: ns });
    const texts = items.map((event) => (event as { message?: string }).message ?? '');
    assert.ok(
      texts.some((text) => /multipooler.*example\.com\/multipooler:2/.test(text)),
      texts.join('\n'),
    );
  });

  it('stops at a specification that does not resolve, and goes on when it does', async () => {
    const ref = { kind: KINDS.MultigresCluster, namespace: ns, name: CLUSTER };
    await api.mergePatch(ref, { spec: { templateDefaults: { coreTemplate: 'absent' } } });
    await eventually('the reason', async () => {
      const entry = conditionOf(await only('MultigresCluster'), 'TerminalError');
      return entry?.status === 'True' && /absent/.test(entry.message);
    });
    await api.mergePatch(ref, { spec: { templateDefaults: null } });
    await eventually(
      'the condition goes',
      async () => conditionOf(await only('MultigresCluster'), 'TerminalError') === undefined,
    );
  });

  it('goes with everything but the volumes, which are to be retained', async () => {
    const ref = { kind: KINDS.MultigresCluster, namespace: ns, name: CLUSTER };
    await api.delete(ref, { propagation: 'Background' });
    await eventually('the cluster is gone', async () => (await api.get(ref)) === undefined, 40_000);
    await eventually(
      'its children are gone',
      async () => {
        const kinds = [
          'Cell',
          'TableGroup',
          'Shard',
          'Deployment',
          'Service',
          'ConfigMap',
        ] as const;
        const left = await Promise.all(
          kinds.map((kind) => list(kind, 'app.kubernetes.io/part-of=multigres')),
        );
        return left.flat().length === 0 && (await list('Pod', POOL_PODS)).length === 0;
      },
      40_000,
    );
    const claims = await list('PersistentVolumeClaim', POOL_PODS);
    assert.equal(claims.length, 6);
    for (const claim of claims) assert.equal(claim.metadata.deletionTimestamp, undefined);
  });

  it('takes its volumes back when it returns, and deletes them when that is the policy', async () => {
    await api.create(cluster({ pvcDeletionPolicy: { whenDeleted: 'Delete' } }));
    await eventually('pods', async () => (await running()).length >= 3, 30_000);
    const ref = { kind: KINDS.MultigresCluster, namespace: ns, name: CLUSTER };
    await api.delete(ref, { propagation: 'Background' });
    await eventually('the cluster is gone', async () => (await api.get(ref)) === undefined, 40_000);
    await eventually(
      'the claims of its pods are gone',
      async () =>
        (await list('PersistentVolumeClaim', `${POOL_PODS},multigres.com/index=0`)).length === 0,
      40_000,
    );
  });

  it('does not keep its namespace, even with a dead topology server', async () => {
    await api.create(cluster());
    await eventually('pods', async () => (await running()).length >= 3, 30_000);
    await etcd.kill();
    await removeNamespace();
    await eventually(
      'the namespace is gone',
      async () => {
        const path = `/api/v1/namespaces/${ns}`;
        return api.raw('GET', path).then(
          () => false,
          () => true,
        );
      },
      120_000,
    );
    removeNamespace = async () => {};
  });
});
