/** Clusters and cells that go over to a topology of others: what becomes of the etcd that they leave. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { KubeApi } from '../../kube/api.ts';
import type { Condition, KindName, KubeObject } from '../../schemas/k8s.ts';
import { KINDS } from '../../schemas/k8s.ts';
import { connect, installCrds } from '../support/cluster.ts';
import type { RunningController } from '../support/controller.ts';
import { startController } from '../support/controller.ts';
import type { Etcd } from '../support/etcd.ts';
import { startEtcd } from '../support/etcd.ts';
import { eventually, makeNamespace } from '../support/kube-api.ts';

const PORT = 29_885;
/** Nobody listens there. */
const DEAD = 'http://127.0.0.1:1';
const ETCD = 'app.kubernetes.io/component=toposerver';

let api: KubeApi;
let close: () => Promise<void>;
let etcd: Etcd;
let controller: RunningController;
let ns = '';
let removeNamespace: () => Promise<void>;

before(async () => {
  ({ api, close } = connect());
  installCrds();
  const namespace = await makeNamespace(api, 'behind');
  ns = namespace.name;
  removeNamespace = namespace.remove;
  etcd = await startEtcd();
  controller = startController([ns], { http: PORT });
});

after(async () => {
  await controller.stop();
  await etcd.remove();
  await removeNamespace();
  await close();
});

const create = (name: string, spec: object) =>
  api.create({
    apiVersion: 'multigres.com/v1alpha1',
    kind: 'MultigresCluster',
    metadata: { name, namespace: ns },
    spec: {
      postgresPasswordSecretRef: { name: 'password', key: 'password' },
      backup: { type: 's3', s3: { bucket: 'b', region: 'r' } },
      cells: [{ name: 'zone-a', zoneId: 'zone-a' }],
      ...spec,
    },
  });
const change = (name: string, spec: object) =>
  api.mergePatch({ kind: KINDS.MultigresCluster, namespace: ns, name }, { spec });
const list = async (kind: KindName, labelSelector: string) =>
  (await api.list(KINDS[kind], { namespace: ns, labelSelector })).items;
const stays = async (kind: 'MultigresCluster' | 'Cell', name: string) => {
  const object = await api.get({ kind: KINDS[kind], namespace: ns, name });
  const { conditions = [] } = (object?.status ?? {}) as { conditions?: Condition[] };
  return conditions.find(({ type }) => type === 'TopologyLeftBehind')?.message;
};
const ofCluster = (name: string) => `${ETCD},multigres.com/cluster=${name}`;
const runs = (name: string) =>
  eventually(
    'its etcd runs',
    async () => {
      const [topo] = (await list('TopoServer', `multigres.com/cluster=${name}`)) as KubeObject[];
      return (topo?.status as { phase?: string } | undefined)?.phase === 'Healthy';
    },
    60_000,
  );
const goes = (name: string) =>
  eventually(
    'its etcd goes',
    async () => {
      const left = await Promise.all([
        list('TopoServer', `multigres.com/cluster=${name}`),
        list('StatefulSet', ofCluster(name)),
        list('Pod', ofCluster(name)),
      ]);
      return left.flat().length === 0;
    },
    90_000,
  );

describe('the etcd of a cluster', { concurrency: false }, () => {
  it('goes when nothing uses it any more, while the other topology does not answer', async () => {
    await create('moved', {
      globalTopoServer: { etcd: { replicas: 1 } },
      pvcDeletionPolicy: { whenDeleted: 'Delete' },
    });
    await runs('moved');
    const address = `moved-global-topo.${ns}.svc:2379`;
    await api.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'last-user',
        namespace: ns,
        labels: {
          'multigres.com/cluster': 'moved',
          'app.kubernetes.io/managed-by': 'multigres-operator',
        },
      },
      spec: { containers: [{ name: 'c', image: 'i', args: [`--addresses=${address}`] }] },
    });
    await change('moved', {
      globalTopoServer: { etcd: null, external: { endpoints: [DEAD], rootPath: '/moved' } },
    });
    await eventually(
      'the status names what it waits for',
      async () =>
        ((await stays('MultigresCluster', 'moved')) ?? '').endsWith('still run: last-user'),
      60_000,
    );
    assert.equal((await list('StatefulSet', ofCluster('moved'))).length, 1);
    await api.delete({ kind: KINDS.Pod, namespace: ns, name: 'last-user' });
    await goes('moved');
    await eventually('the condition goes', async () => {
      return (await stays('MultigresCluster', 'moved')) === undefined;
    });
    await eventually(
      'its volumes go',
      async () => (await list('PersistentVolumeClaim', ofCluster('moved'))).length === 0,
    );
  });

  it('leaves volumes that are to be retained', async () => {
    await create('keeper', {
      globalTopoServer: { etcd: { replicas: 1 } },
      pvcDeletionPolicy: { whenDeleted: 'Retain' },
    });
    await runs('keeper');
    await change('keeper', {
      globalTopoServer: { etcd: null, external: { endpoints: [etcd.url], rootPath: '/keeper' } },
    });
    await goes('keeper');
    const [claim] = await list('PersistentVolumeClaim', ofCluster('keeper'));
    assert.ok(claim);
    assert.equal(claim.metadata.deletionTimestamp, undefined);
  });
});

describe('the etcd of a cell', () => {
  it('goes when the processes that started with it are gone', async () => {
    const outside = { external: { endpoints: [etcd.url], rootPath: '/celled' } };
    const cells = (spec: object) => [{ name: 'zone-a', zoneId: 'zone-a', spec }];
    await create('celled', {
      globalTopoServer: outside,
      cells: cells({ localTopoServer: { etcd: { replicas: 1 } } }),
    });
    await runs('celled');
    await eventually('its gateway', async () => (await pods()).length > 0, 60_000);
    await change('celled', { cells: cells({ localTopoServer: outside }) });
    const [cell] = await list('Cell', 'multigres.com/cluster=celled');
    assert.ok(cell);
    await eventually(
      'the status names what it waits for',
      async () => /pods that started with it/.test((await stays('Cell', cell.metadata.name)) ?? ''),
      60_000,
    );
    const [topo] = await list('TopoServer', 'multigres.com/cluster=celled');
    const since = Date.parse(topo?.metadata.annotations?.['multigres.com/unused-since'] ?? '');
    await eventually('the next second', () => Date.now() > since + 1000);
    for (const { metadata } of await pods()) {
      await api.delete({ kind: KINDS.Pod, namespace: ns, name: metadata.name });
    }
    await goes('celled');
  });
  const pods = () =>
    list(
      'Pod',
      'multigres.com/cluster=celled,multigres.com/cell=zone-a,app.kubernetes.io/component!=toposerver',
    );
});
