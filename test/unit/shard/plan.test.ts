import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Step } from '../../../controller/shard/plan/plan.ts';
import { claimToApply, planShard } from '../../../controller/shard/plan/plan.ts';
import type { KubeObject } from '../../../schemas/k8s.ts';
import { casesOf, readDocuments, updateExpected } from '../../support/cases.ts';
import type { World } from '../../support/shard-world.ts';
import { seen } from '../../support/shard-world.ts';

const stepText = (step: Step): string => {
  switch (step.kind) {
    case 'apply':
      return `apply ${step.object.kind} ${step.object.metadata.name}`;
    case 'create-pod':
      return `create-pod ${step.object.metadata.name}: ${step.reason}`;
    case 'mark-shutdown':
      return `mark-shutdown ${step.pod}: ${step.proof}`;
    case 'patch-pod':
    case 'delete-ended-pod':
      return `${step.kind} ${step.name}: ${step.reason}`;
  }
};

describe('plan of a shard', () => {
  for (const { name, file } of casesOf('plan')) {
    it(name, () => {
      const [world] = readDocuments<World>(file('input.yaml'));
      assert.ok(world);
      const plan = planShard(seen(world).plan);
      // What is applied in every pass is the same in every case.
      const steps = plan.steps.filter(({ kind }) => kind !== 'apply').map(stepText);
      const actual = { ...plan, steps };
      if (updateExpected(file('expected.yaml'), actual)) return;
      const [expected] = readDocuments<object>(file('expected.yaml'));
      assert.deepEqual(actual, expected);
    });
  }

  it('applies settings, claims and Services in every pass', () => {
    const plan = planShard(seen({ members: ['a', 'b'], pods: { a: null, b: null } }).plan);
    assert.deepEqual(plan.steps.map(stepText), [
      'apply ConfigMap settings',
      'apply PersistentVolumeClaim data-a',
      'apply Service a',
      'apply PersistentVolumeClaim data-b',
      'apply Service b',
    ]);
  });

  it('gives the same plan for the same input', () => {
    const world: World = { members: ['a', 'b', 'c'], pods: { a: null }, unread: true };
    assert.deepEqual(planShard(seen(world).plan), planShard(seen(world).plan));
  });
});

describe('a claim', () => {
  const claim = (storage: string, more: object = {}): KubeObject => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data-a' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } }, ...more },
  });
  const sizeOf = (object: KubeObject): unknown =>
    (object.spec as { resources: { requests: { storage: string } } }).resources.requests.storage;

  it('grows', () => assert.equal(sizeOf(claimToApply(claim('2Gi'), claim('1Gi'))), '2Gi'));
  it('never shrinks', () => assert.equal(sizeOf(claimToApply(claim('1Gi'), claim('2Gi'))), '2Gi'));
  it('keeps its class and modes, which cannot change', () => {
    const observed = claim('1Gi', { storageClassName: 'slow', accessModes: ['ReadWriteMany'] });
    assert.deepEqual(claimToApply(claim('1Gi', { storageClassName: 'fast' }), observed).spec, {
      accessModes: ['ReadWriteMany'],
      storageClassName: 'slow',
      resources: { requests: { storage: '1Gi' } },
    });
  });
});
