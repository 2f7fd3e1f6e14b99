/** The program that the chart's CronJob runs, on a real API server. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import type { KubeApi } from '../../kube/api.ts';
import { createLog } from '../../kube/log.ts';
import { sweep } from '../../controller/sweep/program.ts';
import { KINDS } from '../../schemas/k8s.ts';
import { LABELS, MANAGED_BY } from '../../schemas/labels.ts';
import { connect, installCrds } from '../support/cluster.ts';
import { makeNamespace } from '../support/kube-api.ts';

const NOW = Date.parse('2026-03-10T12:00:00Z');
const OLD = '2026-01-01T00-00-00Z';
const YOUNG = '2026-03-09T00-00-00Z';

let api: KubeApi;
let close: () => Promise<void>;
let ns = '';
let remove: () => Promise<void>;

async function claim(name: string, labels: Record<string, string>): Promise<void> {
  await api.create({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: ns, labels },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
}

const left = async (): Promise<string[]> =>
  (await api.list(KINDS.PersistentVolumeClaim, { namespace: ns })).items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name)
    .toSorted();

const swept = (dryRun = false): Promise<boolean> => {
  const log = createLog('info', () => undefined);
  const times = { retentionMs: 720 * 3_600_000, nowMs: NOW };
  return sweep({ kube: api, log, namespaces: [ns], dryRun, ...times });
};

before(async () => {
  ({ api, close } = connect());
  installCrds();
  const namespace = await makeNamespace(api, 'sweep');
  ({ name: ns, remove } = namespace);
  const ours = { [LABELS.managedBy]: MANAGED_BY };
  await claim('in-use', ours);
  await claim('foreign', { [LABELS.orphanSince]: OLD });
  await claim('old', { ...ours, [LABELS.orphanSince]: OLD });
  await claim('young', { ...ours, [LABELS.orphanSince]: YOUNG });
});

after(async () => {
  await remove();
  await close();
});

it('deletes what has been without a pod for long enough, and nothing else', async () => {
  assert.equal(await swept(true), true);
  assert.deepEqual(await left(), ['foreign', 'in-use', 'old', 'young']);
  assert.equal(await swept(), true);
  assert.deepEqual(await left(), ['foreign', 'in-use', 'young']);
});

it('says by its end that a volume could not be judged', async () => {
  await claim('strange', { [LABELS.managedBy]: MANAGED_BY, [LABELS.orphanSince]: 'long-ago' });
  assert.equal(await swept(), false);
  assert.ok((await left()).includes('strange'));
});
