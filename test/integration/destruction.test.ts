/** What the real webhook, behind a real API server, does with changes that can destroy data or quorum. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiPath, type KubeApi } from '../../kube/api.ts';
import { systemClock } from '../../kube/clock.ts';
import { KINDS, type KubeObject } from '../../schemas/k8s.ts';
import { objectsIn, pools } from '../support/objects.ts';
import { stageFor } from '../support/stage.ts';
import { refusal, type StandIn } from '../support/stand-in.ts';
import { eventually, type RunningWebhook } from '../support/webhook.ts';

const stage = stageFor('destroy');
const { ns, cluster, shard } = stage;
const PROTECTION = 'multigres.com/deletion-protection';
const { base, template } = objectsIn(ns);

let api: KubeApi;
let end: () => Promise<void>;
let controller: StandIn;
let webhook: RunningWebhook;

const spec = (replicasPerCell: number) =>
  pools({ main: { cells: ['z1'], replicasPerCell, storage: { size: '1Gi' } } });

before(async () => {
  ({ api, controller, webhook, end } = await stage.start());
  const backup = { type: 's3', s3: { bucket: 'b', region: 'r' } };
  await api.create(base({ backup, ...spec(4) }));
});

after(() => end());

async function scaleTo(replicasPerCell: number): Promise<unknown> {
  const stored = await api.get(cluster);
  assert.ok(stored);
  const body = { ...stored, spec: { ...(stored.spec as object), ...spec(replicasPerCell) } };
  return api.raw('PUT', `${apiPath(KINDS.MultigresCluster, ns, 'm')}?dryRun=All`, body);
}

const remove = (): Promise<unknown> =>
  api.raw('DELETE', `${apiPath(KINDS.MultigresCluster, ns, 'm')}?dryRun=All`);

const runShard = (): string =>
  controller.runShard('m', {
    main: { type: 'readWrite', cells: ['z1'], replicasPerCell: 4, storage: { size: '1Gi' } },
  });

const setStatus = (status: object): Promise<unknown> =>
  api.mergePatch(shard, { status }, { subresource: 'status' });

const claim = (index: number): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: {
    name: `data-${index}`,
    namespace: ns,
    labels: {
      'multigres.com/cluster': 'm',
      'multigres.com/database': 'postgres',
      'multigres.com/tablegroup': 'default',
      'multigres.com/shard': '0-inf',
      'multigres.com/pool': 'main',
      'multigres.com/cell': 'z1',
      'multigres.com/index': `${index}`,
    },
  },
  spec: {
    accessModes: ['ReadWriteOnce'],
    storageClassName: '',
    resources: { requests: { storage: '1Gi' } },
  },
});

test('before the controller has begun, anything goes', async () => {
  assert.equal(await refusal(scaleTo(3)), undefined);
  assert.equal(await refusal(remove()), undefined);
});

test('once it has begun and is not heard of, what can destroy is refused, the rest is not', async () => {
  await api.mergePatch(cluster, { metadata: { finalizers: ['multigres.com/cluster-cleanup'] } });
  assert.match((await refusal(scaleTo(3))) ?? '', /nothing is heard of the controller.*MG043/);
  assert.match((await refusal(remove())) ?? '', /nothing is heard of the controller.*MG043/);
  assert.equal(await refusal(scaleTo(5)), undefined);
});

test('a shard that is not healthy, or has no backup, keeps its poolers', async () => {
  runShard();
  for (const index of [0, 1, 2, 3]) await api.create(claim(index));
  await setStatus({
    phase: 'Progressing',
    message: '3 of 4 poolers are ready',
    observedGeneration: 1,
    orchReady: true,
    poolsReady: false,
  });
  await controller.renewLease();
  const text = await eventually('the live state', async () => {
    const found = await refusal(scaleTo(3));
    return found && /MG040/.test(found) && /MG041/.test(found) ? found : undefined;
  });
  assert.match(text, /goes from 4 to 3 poolers while .*3 of 4 poolers are ready.*MG040/);
  assert.match(
    text,
    /deletes 1 volume \(whenScaled: Delete\), and it has no complete backup.*MG041/,
  );
  assert.match((await refusal(scaleTo(1))) ?? '', /could not confirm a write any more.*MG040/);
});

test('a healthy one with a recent backup gives one away', async () => {
  await setStatus({
    phase: 'Healthy',
    message: 'fine',
    poolsReady: true,
    orchReady: true,
    lastBackupTime: new Date(systemClock.now() - 3_600_000).toISOString(),
  });
  await controller.renewLease();
  await eventually('the new state', async () =>
    (await refusal(scaleTo(3))) === undefined ? true : undefined,
  );
  assert.equal(await refusal(remove()), undefined);
});

test('a protected cluster stays, alone and in a collection, until the protection is taken away', async () => {
  await controller.renewLease();
  await api.mergePatch(cluster, { metadata: { annotations: { [PROTECTION]: 'true' } } });
  assert.match((await refusal(remove())) ?? '', /m is protected against deletion.*MG044/);
  const all = `${apiPath(KINDS.MultigresCluster, ns)}?dryRun=All`;
  assert.match((await refusal(api.raw('DELETE', all))) ?? '', /m is protected.*MG044/);
  await api.mergePatch(cluster, { metadata: { annotations: { [PROTECTION]: null } } });
  assert.equal(await refusal(remove()), undefined);
});

/** The garbage collector looks for new kinds every 30 s, and is not asked to follow a kind before. */
const COLLECTED_MS = 90_000;

test('a protected cluster stays when the object that owned it is gone', async () => {
  await controller.renewLease();
  const owner = await api.create({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'owner', namespace: ns },
  });
  const reference = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid };
  const owned = base();
  await api.create({
    ...owned,
    metadata: {
      ...owned.metadata,
      name: 'owned',
      annotations: { [PROTECTION]: 'true' },
      ownerReferences: [reference],
    },
  } as KubeObject);
  await api.delete({ kind: KINDS.ConfigMap, namespace: ns, name: 'owner' });
  await eventually(
    'the garbage collector to be refused',
    async () =>
      webhook.log.find(
        ({ user, name, verdict }) =>
          name === 'owned' && verdict === 'denied' && /garbage-collector/.test(String(user)),
      ),
    COLLECTED_MS,
  );
  const ref = { ...cluster, name: 'owned' };
  assert.equal((await api.get(ref))?.metadata.deletionTimestamp, undefined);
  await api.mergePatch(ref, { metadata: { annotations: { [PROTECTION]: null } } });
  await eventually(
    'it to be collected',
    async () => ((await api.get(ref)) === undefined ? true : undefined),
    COLLECTED_MS,
  );
});

test('a template in use outlives the deletion of all templates', async () => {
  await api.create(template('ShardTemplate', 'small', {}));
  await api.mergePatch(cluster, { spec: { templateDefaults: { shardTemplate: 'small' } } });
  const all = `${apiPath(KINDS.ShardTemplate, ns)}?dryRun=All`;
  assert.match((await refusal(api.raw('DELETE', all))) ?? '', /small is named by .* m at .*MG003/);
});
