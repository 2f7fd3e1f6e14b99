/** Volumes without a pod: kept for their time, and longer whenever something speaks against their end. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judgeOrphans } from '../../../controller/sweep/judge.ts';
import type { KubeObject, Pod } from '../../../schemas/k8s.ts';
import { LABELS, MANAGED_BY } from '../../../schemas/labels.ts';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-03-10T12:00:00Z');
const times = { nowMs: NOW, retentionMs: 720 * HOUR, paused: new Set(['shop/still']) };

const claim = (since: string, metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: {
    name: 'data-a',
    namespace: 'shop',
    labels: { [LABELS.managedBy]: MANAGED_BY, [LABELS.orphanSince]: since },
    ...metadata,
  },
});

const user = (namespace: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'rescue', namespace },
  spec: {
    containers: [],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-a' } }],
  },
});

const judged = (one: KubeObject, pods: Pod[] = []): string =>
  judgeOrphans([one], pods, times)
    .map(({ action, reason }) => `${action}: ${reason}`)
    .join();

describe('a volume without a pod', () => {
  it('stays until its time is over', () => {
    assert.equal(judged(claim('2026-02-08T12-00-01Z')), 'keep: without a pod for 719 h of 720 h');
    assert.equal(judged(claim('2026-02-08T12-00-00Z')), 'delete: without a pod for 720 h of 720 h');
  });

  it('stays while a pod mounts it, whose ever that is', () => {
    assert.match(
      judged(claim('2026-01-01T00-00-00Z'), [user('shop')]),
      /^refuse: rescue still use/,
    );
    assert.match(judged(claim('2026-01-01T00-00-00Z'), [user('other')]), /^delete/);
  });

  it('stays when its label is no time', () => {
    for (const stamp of ['', 'yesterday', '2026-13-01T00-00-00Z', '2026-01-01T00:00:00Z'])
      assert.match(judged(claim(stamp)), /^refuse: .*must be a time like/, stamp);
  });

  it('stays when it is not ours', () => {
    const labels = { [LABELS.orphanSince]: '2026-01-01T00-00-00Z' };
    assert.match(judged(claim('', { labels })), /^refuse: claim data-a is not ours/);
  });

  it('stays while its cluster is paused', () => {
    const of = (cluster: string) => ({
      [LABELS.managedBy]: MANAGED_BY,
      [LABELS.orphanSince]: '2026-01-01T00-00-00Z',
      [LABELS.cluster]: cluster,
    });
    assert.equal(judged(claim('', { labels: of('still') })), 'keep: its cluster is paused');
    assert.match(judged(claim('', { labels: of('other') })), /^delete/);
  });

  it('is left to its deletion', () => {
    const going = claim('2026-01-01T00-00-00Z', { deletionTimestamp: '2026-03-10T11:59:00Z' });
    assert.equal(judged(going), '');
  });
});
