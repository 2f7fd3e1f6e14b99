/** What happens to a cluster that is deleted, with us and without us, on a real API server and etcd. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Ending } from '../../controller/cluster/deletion.ts';
import { deleteCluster } from '../../controller/cluster/deletion.ts';
import type { Deps } from '../../controller/deps.ts';
import { createTopoAccess } from '../../controller/topo/access.ts';
import { codecs } from '../../controller/topo/codec.ts';
import { topoKeys } from '../../controller/topo/keys.ts';
import { createStores } from '../../controller/watched.ts';
import type { KubeApi } from '../../kube/api.ts';
import { systemClock } from '../../kube/clock.ts';
import { isKubeError } from '../../kube/errors.ts';
import { createLog } from '../../kube/log.ts';
import type { KindName, KubeObject } from '../../schemas/k8s.ts';
import { KINDS } from '../../schemas/k8s.ts';
import type { MultigresCluster } from '../../schemas/types.ts';
import { connect, installCrds } from '../support/cluster.ts';
import type { RunningController } from '../support/controller.ts';
import { startController } from '../support/controller.ts';
import type { Etcd } from '../support/etcd.ts';
import { startEtcd } from '../support/etcd.ts';
import { configMap, eventually, makeNamespace } from '../support/kube-api.ts';

const FINALIZER = 'multigres.com/cluster-cleanup';
const OURS = 'app.kubernetes.io/part-of=multigres';
const ETCD = 'app.kubernetes.io/component=toposerver';
const ROOT = '/leaving/global';
const PORT = 29_883;

let api: KubeApi;
let close: () => Promise<void>;
let etcd: Etcd;
let controller: RunningController;
let ns = '';
let other = '';
/** Not watched by the controller that runs. */
let quiet = '';
let removals: (() => Promise<void>)[] = [];

before(async () => {
  ({ api, close } = connect());
  installCrds();
  const namespaces = [];
  for (const prefix of ['leaving', 'ending', 'quiet']) {
    namespaces.push(await makeNamespace(api, prefix));
  }
  [ns = '', other = '', quiet = ''] = namespaces.map(({ name }) => name);
  removals = namespaces.map(({ remove }) => remove);
  etcd = await startEtcd();
  controller = startController([ns, other], { http: PORT });
});

after(async () => {
  await controller.stop();
  await etcd.remove();
  for (const remove of removals) await remove().catch(() => {});
  await close();
});

const cluster = (name: string, namespace: string, spec: object): KubeObject => ({
  apiVersion: 'multigres.com/v1alpha1',
  kind: 'MultigresCluster',
  metadata: { name, namespace },
  spec: {
    postgresPasswordSecretRef: { name: 'password', key: 'password' },
    backup: { type: 's3', s3: { bucket: 'b', region: 'r' } },
    cells: [
      { name: 'zone-a', zoneId: 'zone-a' },
      { name: 'zone-b', zoneId: 'zone-b' },
    ],
    ...spec,
  },
});
const managed = { globalTopoServer: { etcd: { replicas: 1 } } };
const external = () => ({
  globalTopoServer: { external: { endpoints: [etcd.url], rootPath: ROOT } },
});

const list = async (kind: KindName, namespace: string, labelSelector?: string) =>
  (await api.list(KINDS[kind], { namespace, ...(labelSelector ? { labelSelector } : {}) })).items;
const clusterNow = async (name: string, namespace = ns) =>
  (await api.get({ kind: KINDS.MultigresCluster, namespace, name })) as
    MultigresCluster | undefined;
const remove = (name: string, namespace = ns) =>
  api.delete({ kind: KINDS.MultigresCluster, namespace, name });
const change = (name: string, patch: object) =>
  api.mergePatch({ kind: KINDS.MultigresCluster, namespace: ns, name }, patch);
const gone = (what: string, name: string, ms = 60_000) =>
  eventually(what, async () => (await clusterNow(name)) === undefined, ms);

/** Kinds of owners of the volumes of the etcd. */
const volumeOwners = async (name: string): Promise<string[]> =>
  (await list('PersistentVolumeClaim', ns, `${ETCD},multigres.com/cluster=${name}`)).map((claim) =>
    (claim.metadata.ownerReferences ?? []).map(({ kind }) => kind).join(','),
  );

describe('a cluster with an etcd of its own', { concurrency: false }, () => {
  it('has no finalizer, and loses that of an earlier version', async () => {
    const object = cluster('own', ns, { ...managed, pvcDeletionPolicy: { whenDeleted: 'Delete' } });
    await api.create({ ...object, metadata: { ...object.metadata, finalizers: [FINALIZER] } });
    await eventually(
      'it is gone',
      async () => {
        const found = await clusterNow('own');
        return found?.status?.conditions !== undefined && !found.metadata.finalizers;
      },
      30_000,
    );
  });

  it('owns the volumes that go with it, and no others, whenever the policy changes', async () => {
    const owned = (owners: string) =>
      eventually(`volumes owned by ${owners || 'nobody'}`, async () => {
        const found = await volumeOwners('own');
        return found.length === 1 && found[0] === owners;
      });
    await owned('MultigresCluster');
    await change('own', { spec: { pvcDeletionPolicy: { whenDeleted: 'Retain' } } });
    await owned('');
    await change('own', { spec: { pvcDeletionPolicy: { whenDeleted: 'Delete' } } });
    await owned('MultigresCluster');
  });

  it('keeps its volumes when its StatefulSet or its TopoServer is deleted by hand', async () => {
    for (const kind of ['StatefulSet', 'TopoServer'] as const) {
      const name = 'own-global-topo';
      const before = await api.get({ kind: KINDS[kind], namespace: ns, name });
      await api.delete({ kind: KINDS[kind], namespace: ns, name });
      await eventually(`${kind} is made anew`, async () => {
        const now = await api.get({ kind: KINDS[kind], namespace: ns, name });
        return now !== undefined && now.metadata.uid !== before?.metadata.uid;
      });
    }
    await eventually(
      'its member runs again',
      async () => (await list('Pod', ns, ETCD)).some(({ metadata }) => !metadata.deletionTimestamp),
      30_000,
    );
    const [claim, ...more] = await list('PersistentVolumeClaim', ns, ETCD);
    assert.deepEqual([claim?.metadata.deletionTimestamp, more], [undefined, []]);
  });

  it('goes with everything, its volumes too', async () => {
    await remove('own');
    await gone('the cluster is gone', 'own');
    await eventually(
      'nothing is left',
      async () => {
        const kinds = ['Cell', 'TopoServer', 'StatefulSet', 'Deployment', 'Service'] as const;
        const left = await Promise.all(kinds.map((kind) => list(kind, ns, OURS)));
        const claims = await list('PersistentVolumeClaim', ns, ETCD);
        return left.flat().length + claims.length === 0;
      },
      60_000,
    );
  });

  it('leaves its volumes where they are to be retained, and takes them back', async () => {
    const retained = cluster('own', ns, {
      ...managed,
      pvcDeletionPolicy: { whenDeleted: 'Retain' },
    });
    await api.create(retained);
    const claim = await eventually('a volume', async () => {
      const [found] = await list('PersistentVolumeClaim', ns, ETCD);
      return found;
    });
    await remove('own');
    await eventually(
      'its etcd is gone',
      async () =>
        (await list('Pod', ns, ETCD)).length === 0 && (await clusterNow('own')) === undefined,
      60_000,
    );
    await api.create(retained);
    await eventually(
      'its etcd is back',
      async () => (await list('Pod', ns, ETCD)).length === 1,
      30_000,
    );
    const [now] = await list('PersistentVolumeClaim', ns, ETCD);
    assert.equal(now?.metadata.uid, claim.metadata.uid);
    await remove('own');
    await gone('the cluster is gone', 'own');
  });
});

describe('a cluster whose topology others run', { concurrency: false }, () => {
  const key = {
    database: topoKeys.database(ROOT, 'postgres'),
    cell: topoKeys.cell(ROOT, 'zone-a'),
    claim: topoKeys.shardInitClaim(ROOT, 'postgres', 'default', '0-inf'),
    dead: topoKeys.pooler(ROOT, 'zone-a', 'dead'),
    gateway: topoKeys.gateway(ROOT, 'zone-a', 'gone'),
    stranger: topoKeys.pooler(ROOT, 'zone-x', 'stranger'),
  };
  const put = async (): Promise<void> => {
    const pooler = (cell: string, name: string, hostname: string) =>
      codecs.Multipooler.encode({
        id: { component: 'MULTIPOOLER', cell, name },
        shard_key: { database: 'postgres', table_group: 'default', shard: '0-inf' },
        hostname,
        lifecycle_status: { status: 'LIFECYCLE_ACTIVE' },
      });
    await etcd.client.put(key.dead, pooler('zone-a', 'dead', `no-such-pod.${ns}.svc`));
    const id = { component: 'MULTIGATEWAY', cell: 'zone-a', name: 'gone' } as const;
    const gateway = codecs.Multigateway.encode({ id, hostname: '192.0.2.1' });
    await etcd.client.put(key.gateway, gateway);
    await etcd.client.put(key.claim, codecs.ShardInitClaim.encode({}));
  };
  const left = async (): Promise<string[]> => {
    const found: string[] = [];
    for (const [name, path] of Object.entries(key))
      if (await etcd.client.get(path)) found.push(name);
    return found;
  };
  const registered = async (): Promise<void> => {
    await eventually('its records', async () => (await left()).includes('database'), 30_000);
    await eventually('its finalizer', async () =>
      (await clusterNow('foreign'))?.metadata.finalizers?.includes(FINALIZER),
    );
    await put();
  };

  it('keeps what its volumes need when they are retained', async () => {
    await api.create(
      cluster('foreign', ns, { ...external(), pvcDeletionPolicy: { whenDeleted: 'Retain' } }),
    );
    await registered();
    assert.deepEqual(await left(), ['database', 'cell', 'claim', 'dead', 'gateway']);
    await remove('foreign');
    await gone('the cluster is gone', 'foreign');
    assert.deepEqual(await left(), ['database', 'cell', 'claim']);
  });

  it('takes all its records along when its volumes go', async () => {
    await api.create(
      cluster('foreign', ns, { ...external(), pvcDeletionPolicy: { whenDeleted: 'Delete' } }),
    );
    await registered();
    await remove('foreign');
    await gone('the cluster is gone', 'foreign');
    assert.deepEqual(await left(), []);
  });

  it('is released in the end while the topology does not answer, and says what stays', async () => {
    const told: string[] = [];
    const stores = createStores(() => systemClock.now());
    let nowMs = Date.now();
    const deps = {
      kube: api,
      listers: stores,
      topo: createTopoAccess({ now: () => nowMs, timeoutMs: 200 }),
      clock: { now: () => nowMs },
      log: createLog('error'),
      events: {
        event: (_o: unknown, _t: unknown, reason: string, text: string) =>
          told.push(`${reason}: ${text}`),
      },
    } as unknown as Deps;
    const object = cluster('unheard', quiet, {});
    await api.create({ ...object, metadata: { ...object.metadata, finalizers: [FINALIZER] } });
    await remove('unheard', quiet);
    const found = await clusterNow('unheard', quiet);
    assert.ok(found);
    const ending: Ending = {
      deps,
      cluster: found,
      memory: {},
      left: {
        global: { endpoints: ['http://127.0.0.1:1'], root: '/nowhere' },
        cells: [],
        shards: [],
      },
    };
    assert.deepEqual(await deleteCluster(ending), { requeueAfterMs: 1000 });
    assert.deepEqual(told, []);
    nowMs += 106_000;
    assert.deepEqual(await deleteCluster(ending), {});
    assert.match(
      told[0] ?? '',
      /^TopoCleanupFailed: records .* stay in the topology under \/nowhere/,
    );
    assert.equal(await clusterNow('unheard', quiet), undefined);
  });
});

describe('a namespace', () => {
  it('ends while nobody of us runs', async () => {
    await api.create(cluster('own', other, { ...managed }));
    await eventually('its parts', async () => (await list('Shard', other)).length === 1, 30_000);
    await controller.stop();
    const held = (await list('MultigresCluster', other)).concat(
      await list('Cell', other),
      await list('TableGroup', other),
      await list('TopoServer', other),
    );
    assert.deepEqual(
      held.filter(({ metadata }) => metadata.finalizers),
      [],
    );
    // A Shard may wait for us to end its pods in order.
    for (const { metadata } of await list('Shard', other)) {
      const ref = { kind: KINDS.Shard, namespace: other, name: metadata.name };
      if (metadata.finalizers) await api.mergePatch(ref, { metadata: { finalizers: null } });
    }
    const path = `/api/v1/namespaces/${other}`;
    await api.raw('DELETE', path);
    await eventually(
      'the namespace is gone',
      () =>
        api.raw('GET', path).then(
          () => false,
          () => true,
        ),
      120_000,
    );
  });

  it('that is being deleted refuses what is new in a way that we know', async () => {
    const name = 'held';
    const object = configMap(ns, name);
    await api.create({
      ...object,
      metadata: { ...object.metadata, finalizers: ['example.com/held'] },
    });
    await api.raw('DELETE', `/api/v1/namespaces/${ns}`);
    await assert.rejects(
      eventually('a refusal', async () => {
        await api.create(configMap(ns, `new-${Math.random()}`));
        return false;
      }),
      (error: unknown) => isKubeError(error, 'ending'),
    );
    await api.mergePatch(
      { kind: KINDS.ConfigMap, namespace: ns, name },
      { metadata: { finalizers: null } },
    );
    removals = removals.slice(2);
  });
});
