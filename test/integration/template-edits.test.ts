/** What the real webhook, behind a real API server, does with edits of templates that clusters use. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { apiPath, type KubeApi } from '../../kube/api.ts';
import { systemClock } from '../../kube/clock.ts';
import { KINDS, type KindName, type KubeObject } from '../../schemas/k8s.ts';
import { kubeconfig } from '../support/cluster.ts';
import { objectsIn, shard as oneShard } from '../support/objects.ts';
import { stageFor } from '../support/stage.ts';
import { refusal, type StandIn } from '../support/stand-in.ts';
import { eventually } from '../support/webhook.ts';

const stage = stageFor('templates');
const { ns, cluster, shard } = stage;
const { base, template } = objectsIn(ns);

let api: KubeApi;
let end: () => Promise<void>;
let controller: StandIn;

const poolers = (replicasPerCell: number, size = '2Gi') => ({
  pools: { main: { type: 'readWrite', cells: ['z1'], replicasPerCell, storage: { size } } },
});
const members = (replicas: number, size = '2Gi') => ({
  globalTopoServer: { etcd: { replicas, storage: { size } } },
});

before(async () => {
  ({ api, controller, end } = await stage.start());
  await api.create(template('ShardTemplate', 'small', poolers(4)));
  await api.create(template('CoreTemplate', 'core', members(3)));
  await api.create(
    base({
      backup: { type: 's3', s3: { bucket: 'b', region: 'r' } },
      templateDefaults: { coreTemplate: 'core' },
      ...oneShard({ shardTemplate: 'small' }),
    }),
  );
  await api.mergePatch(cluster, { metadata: { finalizers: ['multigres.com/cluster-cleanup'] } });
});

after(() => end());

/** Empty if the request was accepted. */
const textOf = async (work: Promise<unknown>): Promise<string> => (await refusal(work)) ?? '';

/** What becomes of another spec for a template; nothing is stored. */
async function edit(
  kind: KindName,
  name: string,
  spec: object,
  metadata: Partial<KubeObject['metadata']> = {},
): Promise<string> {
  const stored = await api.get({ kind: KINDS[kind], namespace: ns, name });
  assert.ok(stored);
  const body = { ...stored, metadata: { ...stored.metadata, ...metadata }, spec };
  return textOf(api.raw('PUT', `${apiPath(KINDS[kind], ns, name)}?dryRun=All`, body));
}

const scaleTo = (replicas: number): Promise<string> =>
  edit('ShardTemplate', 'small', poolers(replicas));

/** Exit code and output of the command line about the same edit. */
function lint(kind: string, name: string, spec: object): { code: number | null; text: string } {
  const { status, stdout } = spawnSync(
    process.execPath,
    ['cli/kubectl-multigres.mjs', 'lint', '-', '--against-cluster', '-n', ns],
    {
      input: JSON.stringify(template(kind, name, spec)),
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '', KUBECONFIG: kubeconfig() },
    },
  );
  return { code: status, text: stdout };
}

const setStatus = (status: object): Promise<unknown> =>
  api.mergePatch(shard, { status }, { subresource: 'status' });

test('while nothing is heard of the controller, what can destroy is refused, the rest is not', async () => {
  // The copies of the webhook may take a moment to see the new cluster.
  const text = await eventually('the refusal', async () => (await scaleTo(3)) || undefined);
  assert.match(
    text,
    /\/spec\/pools\/main\/replicasPerCell = 3: in MultigresCluster m: pool main of .* goes from 4 to 3 poolers, .*nothing is heard of the controller.*MG043/,
  );
  assert.equal(await scaleTo(5), '');
});

test('the command line says the same of the same edits', () => {
  const fewer = lint('ShardTemplate', 'small', poolers(3));
  assert.equal(fewer.code, 1, fewer.text);
  assert.match(fewer.text, /in MultigresCluster m: pool main .*MG043/);
  const more = lint('ShardTemplate', 'small', poolers(5));
  assert.equal(more.code, 0, more.text);
  const smaller = lint('CoreTemplate', 'core', members(3, '1Gi'));
  assert.equal(smaller.code, 1, smaller.text);
  assert.match(smaller.text, /in MultigresCluster m: .*global etcd has 2Gi.*MG015/);
});

test('sizes do not shrink, and etcd keeps its members', async () => {
  const smaller = await edit('ShardTemplate', 'small', poolers(4, '1Gi'));
  assert.match(smaller, /\/spec\/pools\/main\/storage\/size = "1Gi": in .* m: .*MG015/);
  const etcd = await edit('CoreTemplate', 'core', members(5, '1Gi'));
  assert.match(etcd, /\/spec\/globalTopoServer\/etcd\/replicas = 5: in .* m: .*MG024/);
  assert.match(etcd, /\/spec\/globalTopoServer\/etcd\/storage\/size = "1Gi": in .* m: .*MG015/);
});

test('a shard that is not healthy keeps its poolers', async () => {
  controller.runShard('m', poolers(4).pools);
  await setStatus({
    phase: 'Progressing',
    message: '3 of 4 poolers are ready',
    observedGeneration: 1,
    orchReady: true,
    poolsReady: false,
  });
  await controller.renewLease();
  const text = await eventually('the live state', async () => {
    const found = await scaleTo(3);
    return /MG040/.test(found) ? found : undefined;
  });
  assert.match(text, /goes from 4 to 3 poolers while .*3 of 4 poolers are ready.*MG040/);
  assert.match(await scaleTo(1), /could not confirm a write any more.*MG040/);
  assert.equal(await edit('ShardTemplate', 'small', poolers(4), { labels: { a: 'b' } }), '');
});

test('the annotations of a bypass count on the template', async () => {
  const annotations = {
    'multigres.com/bypass-policies': 'scale-down-safe',
    'multigres.com/bypass-reason': 'the test wants it',
  };
  assert.equal(await edit('ShardTemplate', 'small', poolers(3), { annotations }), '');
});

test('a template called default reaches the clusters that name none', async () => {
  const make = (): Promise<string> => {
    const path = `${apiPath(KINDS.CellTemplate, ns)}?dryRun=All`;
    const buffer = { window: '30s', maxFailoverDuration: '20s' };
    const created = template('CellTemplate', 'default', { multigateway: { buffer } });
    return textOf(api.raw('POST', path, created));
  };
  assert.match(await make(), /MG021/);
  const cells = template('ShardTemplate', 'default', { pools: { main: { cells: ['zz'] } } });
  const path = `${apiPath(KINDS.ShardTemplate, ns)}?dryRun=All`;
  assert.equal(await refusal(api.raw('POST', path, cells)), undefined, 'm names another');
});

test('a healthy one gives one away', async () => {
  await setStatus({
    phase: 'Healthy',
    message: 'fine',
    poolsReady: true,
    orchReady: true,
    lastBackupTime: new Date(systemClock.now() - 3_600_000).toISOString(),
  });
  await controller.renewLease();
  await eventually('the new state', async () => ((await scaleTo(3)) === '' ? true : undefined));
  assert.match(await scaleTo(1), /MG040/);
});
