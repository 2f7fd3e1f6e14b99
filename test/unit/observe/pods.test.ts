import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crashLoop, isReady, podTrouble } from '../../../controller/observe/pods.ts';
import type { ContainerStatus, Pod, PodStatus } from '../../../schemas/k8s.ts';

const pod = (status: PodStatus, deletionTimestamp?: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', ...(deletionTimestamp ? { deletionTimestamp } : {}) },
  status,
});
const container = (state: ContainerStatus['state'], restartCount = 0): PodStatus => ({
  containerStatuses: [{ name: 'c', ready: false, restartCount, ...(state ? { state } : {}) }],
});
const ready: PodStatus = { conditions: [{ type: 'Ready', status: 'True' }] };

describe('what a pod says about itself', () => {
  it('a crash loop is one of three reasons, or three ends', () => {
    for (const reason of ['CrashLoopBackOff', 'OOMKilled', 'ImagePullBackOff']) {
      assert.ok(crashLoop(pod(container({ waiting: { reason } }))), reason);
    }
    assert.equal(crashLoop(pod(container({ waiting: { reason: 'ErrImagePull' } }))), undefined);
    assert.ok(crashLoop(pod(container({ terminated: { exitCode: 1 } }, 3))));
    assert.equal(crashLoop(pod(container({ terminated: { exitCode: 1 } }, 2))), undefined);
  });

  it('one that terminates neither crashes nor is ready', () => {
    const at = '2026-01-02T03:04:05Z';
    const waiting = container({ waiting: { reason: 'CrashLoopBackOff' } });
    assert.equal(crashLoop(pod(waiting, at)), undefined);
    assert.equal(isReady(pod(ready, at)), false);
    assert.equal(isReady(pod(ready)), true);
  });

  it('trouble is told in words, and none when it is ready', () => {
    assert.equal(podTrouble(pod(ready)), undefined);
    const unplaced = { type: 'PodScheduled', status: 'False', message: '0/3 nodes' };
    assert.equal(podTrouble(pod({ conditions: [unplaced] })), 'cannot be placed: 0/3 nodes');
    assert.equal(podTrouble(pod({})), 'is starting');
    const pulling = container({ waiting: { reason: 'ErrImagePull', message: 'no such image' } });
    assert.equal(podTrouble(pod(pulling)), 'c: ErrImagePull (no such image)');
  });
});
