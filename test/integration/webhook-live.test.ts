/** What the policies come to know of a real API server, and what the real webhook does with it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { apiPath, type KubeApi } from '../../kube/api.ts';
import { systemClock } from '../../kube/clock.ts';
import { KubeError } from '../../kube/errors.ts';
import { KINDS, type KubeObject } from '../../schemas/k8s.ts';
import { names } from '../../schemas/names.ts';
import type { MultigresCluster, Shard } from '../../schemas/types.ts';
import { controllerLease } from '../../webhook/controller-lease.ts';
import { createLive, type Live } from '../../webhook/live.ts';
import type { World } from '../../webhook/policies/world.ts';
import { ZONE_LABELS } from '../../schemas/labels.ts';
import type { AdmissionRequest } from '../../webhook/review.ts';
import { secretKeys } from '../../webhook/secret-keys.ts';
import { worldFor } from '../../webhook/world.ts';
import { connect, kubectl, installCrds } from '../support/cluster.ts';
import { objectsIn, pools } from '../support/objects.ts';
import { volumesIn } from '../support/volumes.ts';
import { removeWebhookConfigurations, standIn, type StandIn } from '../support/stand-in.ts';
import { eventually, startWebhook, type RunningWebhook } from '../support/webhook.ts';

const ns = `live-${process.pid}`;
const operator = `live-operator-${process.pid}`;
const { base } = objectsIn(ns);
const silent = { debug: () => {}, warn: () => {} };

let api: KubeApi;
let close: () => Promise<void>;
let live: Live;
let controller: StandIn;
let webhook: RunningWebhook | undefined;
const stop = new AbortController();
let watching: Promise<void>[] = [];

const zones = [`za-${process.pid}`, `zb-${process.pid}`];
const [za = '', zb = ''] = zones;
const nodeOf = (zone: string): string => `node-${zone}`;

const { claim, volumeFor } = volumesIn(ns);

before(async () => {
  ({ api, close } = connect());
  installCrds();
  for (const name of [operator, ns]) kubectl(['create', 'namespace', name]);
  controller = standIn(api, operator, ns);
  for (const zone of zones) {
    await api.create({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name: nodeOf(zone),
        labels: { 'topology.kubernetes.io/zone': zone, 'example.com/other': 'x' },
      },
    });
  }
  live = createLive({
    kube: api,
    clock: systemClock,
    random: Math.random,
    log: silent,
    zoneLabels: ZONE_LABELS,
  });
  watching = live.informers.map((informer) => informer.start(stop.signal));
  await Promise.all(live.informers.map((informer) => informer.whenSynced()));
});

after(async () => {
  await webhook?.stop();
  removeWebhookConfigurations();
  controller.end();
  kubectl(['delete', 'pv', `pv-${ns}`, '--ignore-not-found', '--wait=false']);
  for (const zone of zones) kubectl(['delete', 'node', nodeOf(zone), '--ignore-not-found']);
  for (const name of [operator, ns]) kubectl(['delete', 'namespace', name, '--wait=false']);
  stop.abort();
  await Promise.all(watching);
  await close();
});

async function worldOf(operation: 'CREATE' | 'UPDATE', cluster: MultigresCluster): Promise<World> {
  const request = {
    operation,
    namespace: ns,
    name: cluster.metadata.name,
    object: cluster,
    ...(operation === 'UPDATE' ? { oldObject: cluster } : {}),
  } as unknown as AdmissionRequest;
  const lease = {
    kube: api,
    clock: systemClock,
    namespace: operator,
    name: controller.lease,
    log: silent,
  };
  const deps = { live, kube: api, clock: systemClock, zoneLabels: ZONE_LABELS, log: silent };
  return worldFor(
    { ...deps, controllerAgeMs: controllerLease(lease) },
    'MultigresCluster',
    request,
  );
}

/** A Shard as the controller writes it, with the roles of running poolers. */
async function runShard(cluster: string, cells: string[]): Promise<void> {
  const name = controller.runShard(cluster, {
    main: { type: 'readWrite', cells, replicasPerCell: 2 },
  });
  const pods = cells.flatMap((cell) =>
    [0, 1].map((index) =>
      names.poolPod(cluster, 'postgres', 'default', '0-inf', 'main', cell, index),
    ),
  );
  const roles = pods.map((pod, at) => [pod, at === 0 ? 'PRIMARY' : 'REPLICA']);
  await api.mergePatch(
    { kind: KINDS.Shard, namespace: ns, name },
    { status: { podRoles: Object.fromEntries(roles), orchReady: true, poolsReady: true } },
    { subresource: 'status' },
  );
}

describe('the keys of a Secret are known without its values', () => {
  const secret = (name: string, rest: object): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: ns },
    ...rest,
  });
  const reads: boolean[] = [];
  const counting = {
    get: ((ref, options) => {
      reads.push(options?.metadataOnly === true);
      return api.get(ref, options);
    }) satisfies KubeApi['get'],
  };
  const keys = async (name: string): Promise<string[] | null> => {
    reads.length = 0;
    return secretKeys(counting, ns, name);
  };

  test('of one that was created, and changed by somebody else', async () => {
    await api.create(secret('pw', { data: { password: 'eA==' } }));
    await api.apply(secret('pw', { data: { more: 'eA==' } }), { fieldManager: 'other' });
    assert.deepEqual(await keys('pw'), ['more', 'password']);
    await api.mergePatch(
      { kind: KINDS.Secret, namespace: ns, name: 'pw' },
      { data: { more: null } },
    );
    assert.deepEqual(await keys('pw'), ['password']);
    assert.deepEqual(reads, [true], 'metadata only');
  });

  test('of one that was applied with stringData', async () => {
    await api.apply(secret('text', { stringData: { password: 'x' } }), { fieldManager: 'other' });
    assert.deepEqual(await keys('text'), ['password']);
  });

  test('of one whose bookkeeping was emptied, or that has no key, or that is not there', async () => {
    await api.create(secret('bare', { data: { password: 'eA==' } }));
    const ref = { kind: KINDS.Secret, namespace: ns, name: 'bare' };
    await api.mergePatch(ref, { metadata: { managedFields: [{}] } });
    assert.deepEqual(await keys('bare'), ['password']);
    await api.create(secret('empty', {}));
    assert.deepEqual(await keys('empty'), []);
    assert.equal(await keys('no'), null);
  });
});

describe('the world of a cluster', () => {
  test('has Nodes and their zones, without other labels', async () => {
    const { nodes } = await worldOf('CREATE', base());
    const node = nodes?.find(({ name }) => name === nodeOf(za));
    assert.equal(node?.labels['topology.kubernetes.io/zone'], za);
    assert.ok(!('example.com/other' in node.labels));
    assert.equal(node.schedulable, true);
    kubectl(['cordon', nodeOf(za)]);
    await eventually('the cordon', async () => {
      const now = (await worldOf('CREATE', base())).nodes?.find(({ name }) => name === nodeOf(za));
      return now?.schedulable === false ? true : undefined;
    });
    kubectl(['uncordon', nodeOf(za)]);
  });

  test('has the claims of the cluster, and of no other', async () => {
    await api.create(claim('mine', { 'multigres.com/cluster': 'm', 'multigres.com/cell': 'z1' }));
    await api.create(claim('others', { 'multigres.com/cluster': 'other' }));
    await api.create(claim('foreign', {}));
    const found = await eventually('the claim', async () => {
      const { claims } = await worldOf('CREATE', base());
      return claims && claims.length > 0 ? claims : undefined;
    });
    assert.deepEqual(
      found.map(({ name, requested, bound }) => ({ name, requested, bound })),
      [{ name: 'mine', requested: '10Gi', bound: false }],
    );
    assert.equal(live.listers.PersistentVolumeClaim.get(ns, 'foreign'), undefined);
  });

  test('has its Shards with their state, without images', async () => {
    await runShard('m', ['z1']);
    const shard = await eventually('the roles', async () => {
      const { shards } = await worldOf('CREATE', base());
      return shards?.find(({ status }) => status?.podRoles);
    });
    assert.equal(Object.keys(shard.status?.podRoles ?? {}).length, 2);
    assert.ok(!('images' in (shard as Required<Shard>).spec));
  });

  test('has the ConfigMap that a shard names, read live', async () => {
    const ref = { name: 'conf', key: 'postgresql.conf' };
    const cluster = base(pools({ main: {} }));
    const shard = cluster.spec?.databases?.[0]?.tablegroups?.[0]?.shards?.[0];
    assert.ok(shard?.spec);
    shard.spec.postgresConfigRef = ref;
    assert.deepEqual((await worldOf('CREATE', cluster)).configMaps, { conf: null });
    const data = { 'postgresql.conf': 'work_mem = 64MB' };
    const metadata = { name: 'conf', namespace: ns };
    await api.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
    assert.deepEqual((await worldOf('CREATE', cluster)).configMaps, { conf: data });
    assert.deepEqual((await worldOf('CREATE', base())).configMaps, {});
  });

  test('knows its age for what exists: none without a lease, else since it was renewed', async () => {
    assert.equal((await worldOf('UPDATE', base())).liveAgeMs, undefined);
    await controller.renewLease();
    const { liveAgeMs, nowMs } = await worldOf('UPDATE', base());
    assert.ok(liveAgeMs !== undefined && liveAgeMs < 20_000, String(liveAgeMs));
    assert.ok(nowMs !== undefined);
    assert.equal((await worldOf('CREATE', base())).liveAgeMs, undefined, 'not asked for');
    assert.equal(live.lostMs(), 0);
  });
});

describe('the real webhook', () => {
  const put = async (cluster: MultigresCluster): Promise<KubeObject> => {
    const { name } = cluster.metadata;
    const stored = await api.get({ kind: KINDS.MultigresCluster, namespace: ns, name });
    assert.ok(stored);
    return (await api.raw('PUT', `${apiPath(KINDS.MultigresCluster, ns, name)}?dryRun=All`, {
      ...cluster,
      metadata: stored.metadata,
    })) as KubeObject;
  };
  const refusal = async (work: Promise<unknown>): Promise<string> => {
    try {
      await work;
    } catch (error) {
      assert.ok(error instanceof KubeError, String(error));
      return error.message;
    }
    return assert.fail('accepted');
  };
  const cells = (zone: string) => [
    { name: 'z1', zoneId: zone },
    { name: 'z2', zoneId: zb === zone ? za : zb },
  ];
  const storage = { size: '10Gi', accessModes: ['ReadWriteMany'] };
  const backup = { type: 'filesystem', filesystem: { storage } };
  const spec = (zone: string, more: object = {}) => ({
    backup,
    cells: cells(zone),
    ...pools({ main: { cells: ['z1'], replicasPerCell: 2 } }),
    ...more,
  });

  before(async () => {
    kubectl(['delete', 'lease', '-n', operator, controller.lease]);
    webhook = await startWebhook([`--namespace=${operator}`, '--check-seconds=1']);
    await api.create(base(spec(za), 'moving'));
    const finalizers = ['multigres.com/cluster-cleanup'];
    const ref = { kind: KINDS.MultigresCluster, namespace: ns, name: 'moving' };
    await api.mergePatch(ref, { metadata: { finalizers } });
    await api.create(
      claim('data-0', { 'multigres.com/cluster': 'moving', 'multigres.com/cell': 'z1' }),
    );
  });

  after(async () => {
    const ref = { kind: KINDS.MultigresCluster, namespace: ns, name: 'moving' };
    await api.mergePatch(ref, { metadata: { finalizers: [] } });
  });

  test('keeps a cell where it is while nothing is heard of the controller', async () => {
    const text = await refusal(put(base(spec(zb), 'moving')));
    assert.match(text, /whether it holds volumes is not known: nothing is heard.*MG034/);
    const policy = { durabilityPolicy: 'MULTI_CELL_AT_LEAST_2' };
    assert.match(await refusal(put(base(spec(za, policy), 'moving'))), /MG006/);
  });

  test('lets a cell without volumes move, and keeps one with volumes', async () => {
    await controller.renewLease();
    await eventually('the lease', async () => {
      await controller.renewLease();
      return put(base(spec(zb), 'moving')).then(
        () => true,
        () => undefined,
      );
    });
    // The API server's controllers bind the claim to it.
    kubectl(['create', '-f', '-'], JSON.stringify(volumeFor('data-0')));
    const text = await eventually('the volume', async () => {
      await controller.renewLease();
      return put(base(spec(zb), 'moving')).then(
        () => undefined,
        (error: unknown) => String(error),
      );
    });
    assert.match(text, /cell z1 holds 1 volume \(10Gi\) in zone za-.*MG034/);
  });

  test('refuses a policy that the running poolers cannot meet', async () => {
    await runShard('moving', ['z1']);
    const both = pools({ main: { cells: ['z1', 'z2'], replicasPerCell: 2 } });
    const wanted = spec(za, { ...both, durabilityPolicy: 'MULTI_CELL_AT_LEAST_2' });
    const text = await eventually('the running shard', async () => {
      await controller.renewLease();
      return put(base(wanted, 'moving')).then(
        () => undefined,
        (error: unknown) => String(error),
      );
    });
    assert.match(text, /runs with 2 poolers in 1 cell.*MG030/);
    await put(base(spec(za, both), 'moving'));
  });

  test('resolves a running shard as the controller does: nothing shrinks by a default', async () => {
    const { cells: places } = spec(za);
    await api.create(base({ backup, cells: places.slice(0, 1), ...pools({ main: {} }) }, 'kept'));
    await runShard('kept', ['z1']);
    // One cell has two poolers by default; with a second cell each has one by default.
    await eventually('the running shard', async () => {
      webhook?.log.splice(0);
      await put(base({ backup, cells: places, ...pools({ main: {} }) }, 'kept'));
      const line = webhook?.log.find(({ name, step }) => name === 'kept' && step === 'validate');
      const policies = line?.['policies'] as string[] | undefined;
      return policies?.includes('survives-zone-loss') ? true : undefined;
    });
  });
});
