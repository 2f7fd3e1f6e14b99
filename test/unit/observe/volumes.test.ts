import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeError } from '../../../kube/errors.ts';
import { growClaims } from '../../../controller/apply/volumes.ts';
import type { KubeObject } from '../../../schemas/k8s.ts';

const claim = (name: string, storage: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: 'ns' },
  spec: { resources: { requests: { storage } } },
});
const owner = claim('owner', '1Gi');

const run = async (claims: KubeObject[], size: string | undefined, refuse = false) => {
  const patched: string[] = [];
  const told: string[] = [];
  const deps = {
    kube: {
      mergePatch: ({ name }: { name: string }, patch: { spec: object }) => {
        patched.push(name);
        const error = new KubeError('no', { class: 'denied', status: 403, reason: 'Forbidden' });
        return refuse ? Promise.reject(error) : Promise.resolve({ ...claim(name, ''), ...patch });
      },
    },
    events: {
      event: (_: object, __: string, reason: string, text: string) =>
        told.push(`${reason} ${text}`),
    },
  } as unknown as Parameters<typeof growClaims>[0];
  const failed = await growClaims(deps, owner, claims, size);
  return { patched, told, failed: failed.map(({ child }) => child.metadata.name) };
};

test('claims that are too small grow; none shrinks', async () => {
  const { patched, told, failed } = await run(
    [claim('a', '1Gi'), claim('b', '2048Mi'), claim('c', '4Gi')],
    '2Gi',
  );
  assert.deepEqual(patched, ['a']);
  assert.deepEqual(told, ['PVCExpanded a: 1Gi -> 2Gi']);
  assert.deepEqual(failed, []);
});

test('a refusal is told and keeps no other back', async () => {
  const { patched, told, failed } = await run([claim('a', '1Gi'), claim('b', '1Gi')], '2Gi', true);
  assert.deepEqual([patched, told, failed], [['a', 'b'], [], ['a', 'b']]);
});

test('nothing is touched where no size is given', async () => {
  assert.deepEqual((await run([claim('a', '1Gi')], undefined)).patched, []);
});
