/** What the sweep asks of the API server, and of which volumes it keeps its hands. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { sweep } from '../../../controller/sweep/program.ts';
import { createLog } from '../../../kube/log.ts';
import type { KubeApi } from '../../../kube/api.ts';
import type { KubeObject } from '../../../schemas/k8s.ts';
import { ANNOTATIONS, LABELS, MANAGED_BY } from '../../../schemas/labels.ts';

const object = (kind: string, name: string, more: object): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'shop', ...more },
});

const claim = (cluster: string): KubeObject => {
  const own = { [LABELS.managedBy]: MANAGED_BY, [LABELS.cluster]: cluster };
  const labels = { ...own, [LABELS.orphanSince]: '2026-01-01T00-00-00Z' };
  return object('PersistentVolumeClaim', `data-${cluster}`, { labels });
};

const STILL = { annotations: { [ANNOTATIONS.paused]: 'true' } };

it('deletes no volume of a cluster that is paused', async () => {
  const objects = [
    ...['busy', 'still', 'leaving', 'gone'].map(claim),
    object('MultigresCluster', 'busy', {}),
    object('MultigresCluster', 'still', STILL),
    object('MultigresCluster', 'leaving', { ...STILL, deletionTimestamp: '2026-03-10T11:59:00Z' }),
  ];
  const deleted: string[] = [];
  const kube = {
    list: async ({ kind }: { kind: string }) => ({
      items: objects.filter((one) => one.kind === kind),
    }),
    delete: async ({ name }: { name: string }) => void deleted.push(name),
  } as unknown as KubeApi;
  const log = createLog('info', () => undefined);
  const times = { retentionMs: 720 * 3_600_000, nowMs: Date.parse('2026-03-10T12:00:00Z') };
  assert.equal(await sweep({ kube, log, namespaces: [], dryRun: false, ...times }), true);
  assert.deepEqual(deleted, ['data-busy', 'data-leaving', 'data-gone']);
});
