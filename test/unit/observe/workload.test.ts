import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { refusedCondition, withRefusals } from '../../../controller/apply/status.ts';
import { condition } from '../../../controller/observe/conditions.ts';
import { refusedPods, workloadOf } from '../../../controller/observe/workload.ts';
import type { KubeObject } from '../../../schemas/k8s.ts';

const QUOTA = 'pods "gw-x" is forbidden: exceeded quota: few, requested: pods=1, limited: pods=0';
const deployment = (conditions: object[]): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'gw', namespace: 'ns', generation: 1 },
  spec: { replicas: 2 },
  status: { observedGeneration: 1, replicas: 0, conditions },
});
const failure = (status: string) => ({
  type: 'ReplicaFailure',
  status,
  reason: 'FailedCreate',
  message: QUOTA,
});

describe('pods of a Deployment that the API server refuses', () => {
  it('are told with its words', () => {
    assert.equal(workloadOf(deployment([failure('True')])).refused, QUOTA);
    const [told] = refusedCondition(refusedPods([undefined, deployment([failure('True')])]), 3);
    assert.deepEqual(
      [told?.type, told?.status, told?.reason, told?.message],
      ['ChildrenRefused', 'True', 'FailedCreate', `Deployment gw: its pods are refused: ${QUOTA}`],
    );
  });

  it('are not told when all is well', () => {
    for (const conditions of [[], [failure('False')]]) {
      assert.equal(workloadOf(deployment(conditions)).refused, undefined);
      assert.deepEqual(refusedPods([deployment(conditions)]), []);
    }
  });

  it('are told beside what children say', () => {
    const status = { conditions: [condition('ChildrenRefused', true, 'OfChildren', 'cell a', 1)] };
    const all = withRefusals(status, refusedPods([deployment([failure('True')])]), 1).conditions;
    assert.equal(all.length, 1);
    assert.match(all[0]?.message ?? '', /^Deployment gw: its pods are refused: .*; cell a$/);
  });
});
