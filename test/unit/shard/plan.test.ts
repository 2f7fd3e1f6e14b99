import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planShard } from '../../../controller/shard/plan/index.ts';
import { claimToApply } from '../../../controller/shard/plan/claims.ts';
import type { Action, Plan } from '../../../controller/shard/state/action.ts';
import type { KubeObject } from '../../../schemas/k8s.ts';
import { casesOf, readDocuments, updateExpected } from '../../support/cases.ts';
import type { World } from '../../support/shard-world.ts';
import { stateOf } from '../../support/shard-world.ts';

const targetOf = (action: Action): string => {
  if ('object' in action) return `${action.object.kind} ${action.object.metadata.name}`;
  if ('pod' in action) return action.pod;
  return 'claim' in action ? action.claim : '';
};

const detailOf = (action: Action): string => {
  if (action.kind === 'set-phase') {
    return action.record ? ` ${action.record.phase} to ${action.record.purpose}` : ' none';
  }
  if ('proof' in action) return ` by ${action.proof}`;
  return 'patch' in action ? ` ${JSON.stringify(action.patch)}` : '';
};

/** What is applied in every pass is the same in every case. */
const shown = (plan: Plan) => {
  const { actions, held, stuck, doing, blocked, needsReading } = plan;
  const texts = actions
    .filter(({ kind }) => kind !== 'apply')
    .map(
      (action) =>
        `${`${action.kind} ${targetOf(action)}`.trim()}${detailOf(action)}: ${action.reason}`,
    );
  const notices = actions.flatMap(({ notice }) =>
    notice ? [`${notice.type} ${notice.reason}: ${notice.message}`] : [],
  );
  const lists = Object.entries({ notices, held, stuck, doing, blocked }).filter(
    ([, list]) => list.length > 0,
  );
  return {
    actions: texts,
    ...Object.fromEntries(
      lists.map(([name, list]) => [
        name,
        list.map((entry) => (typeof entry === 'string' ? entry : `${entry.pod}: ${entry.reason}`)),
      ]),
    ),
    ...(needsReading ? { needsReading } : {}),
  };
};

describe('plan of a shard', () => {
  for (const { name, file } of casesOf('plan')) {
    it(name.replaceAll('-', ' '), () => {
      const [world] = readDocuments<World>(file('input.yaml'));
      assert.ok(world);
      const actual = shown(planShard(stateOf(world)));
      if (updateExpected(file('expected.yaml'), actual)) return;
      const [expected] = readDocuments<object>(file('expected.yaml'));
      assert.deepEqual(actual, expected);
    });
  }

  it('applies settings, claims and Services in every pass', () => {
    const { actions } = planShard(stateOf({ healthy: ['a', 'b'] }));
    const applied = actions.filter(({ kind }) => kind === 'apply');
    assert.deepEqual(applied.map(targetOf), [
      'ConfigMap settings',
      'Deployment orch',
      'Service a',
      'Service b',
      'PersistentVolumeClaim data-a',
      'PersistentVolumeClaim data-b',
    ]);
  });

  it('gives the same plan for the same state', () => {
    const world: World = { members: ['a', 'b', 'c'], pods: { a: null }, unread: true };
    assert.deepEqual(planShard(stateOf(world)), planShard(stateOf(world)));
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
