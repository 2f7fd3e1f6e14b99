import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClaimDeletion } from '../../../controller/guards/may-delete-claim.ts';
import { mayDeleteClaim, mayRemakeClaim } from '../../../controller/guards/may-delete-claim.ts';
import type { KubeObject } from '../../../schemas/k8s.ts';
import { planClaims } from '../../../controller/shard/plan/claims.ts';
import type { ShardState } from '../../../controller/shard/state/state.ts';
import { ANNOTATIONS, LABELS, MANAGED_BY } from '../../../schemas/labels.ts';
import { stateOf } from '../../support/shard-world.ts';

const request = (change: Partial<ClaimDeletion> = {}): ClaimDeletion => ({
  claim: {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data-a', labels: { [LABELS.managedBy]: MANAGED_BY } },
  },
  policy: 'Delete',
  ownerLeaves: 'its owner is being deleted',
  users: [],
  ...change,
});

describe('deleting a volume', () => {
  it('is allowed when owner and policy say so and nobody uses it', () => {
    assert.equal(mayDeleteClaim(request()).ok, true);
  });

  const foreign = request().claim;
  const refusals: [string, Partial<ClaimDeletion>, RegExp][] = [
    ['of somebody else', { claim: { ...foreign, metadata: { name: 'data-a' } } }, /is not ours/],
    ['that is to be retained', { policy: 'Retain' }, /to retain it/],
    ['that a pod uses', { users: ['pod-a'] }, /pod-a still use/],
  ];
  it('is refused for a volume of an owner that stays', () => {
    const { ownerLeaves: _, ...rest } = request();
    const decision = mayDeleteClaim(rest);
    assert.ok(!decision.ok);
    assert.match(decision.refusal, /belongs to stays/);
  });

  for (const [what, change, reason] of refusals) {
    it(`is refused for a volume ${what}`, () => {
      const decision = mayDeleteClaim(request(change));
      assert.ok(!decision.ok);
      assert.match(decision.refusal, reason);
    });
  }
});

describe('what the data asks of a Postgres', () => {
  const noted = (state: ShardState): (string | undefined)[] =>
    (planClaims(state).actions ?? []).flatMap((action) =>
      action.kind === 'apply'
        ? [action.object.metadata.annotations?.[ANNOTATIONS.postgresFloor]]
        : [],
    );

  it('is noted on its claim once there is data', () => {
    const state = stateOf({ healthy: ['a', 'b'] });
    assert.deepEqual(noted(state), ['max_connections=60', 'max_connections=60']);
    assert.deepEqual(noted({ ...state, started: false }), [undefined, undefined]);
  });

  it('stays noted when another Shard takes the claim over', () => {
    const state = { ...stateOf({ healthy: ['a', 'b'] }), started: false };
    const [name, kept] = [...state.objects.claims][0] ?? [];
    assert.ok(name && kept);
    kept.metadata.annotations = { [ANNOTATIONS.postgresFloor]: 'max_connections=80' };
    assert.deepEqual(noted(state), ['max_connections=60', undefined]);
  });
});

describe('a volume that was kept without a pod', () => {
  const told = (orphanSince: string): unknown[] => {
    const state = stateOf({ healthy: ['a', 'b', 'c'], pods: { c: false } });
    const labels = state.objects.claims.get('data-c')?.metadata.labels ?? assert.fail();
    labels[LABELS.orphanSince] = orphanSince;
    return (planClaims(state).actions ?? []).flatMap(({ notice }) =>
      notice ? [`${notice.type} ${notice.reason}: ${notice.message}`] : [],
    );
  };

  it('is used again with a warning when its data is old', () => {
    const [warning] = told('2025-12-31T00-00-00Z');
    assert.match(
      String(warning),
      /^Warning VolumeUsedAgain: .*data of 2025-12-31T00-00-00Z: if it does not stream/,
    );
  });

  it('is used again without one when it is of a moment ago', () => {
    assert.deepEqual(told('2026-01-02T03-00-05Z'), [
      'Normal VolumeUsedAgain: volume data-c is used again, with its data of 2026-01-02T03-00-05Z',
    ]);
  });
});

describe('a claim that never had a volume', () => {
  const claim = (spec: object, phase = 'Pending'): KubeObject => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data-a', uid: 'u', labels: { [LABELS.managedBy]: MANAGED_BY } },
    spec,
    status: { phase },
  });
  const size = (storage: string, more: object = {}): object => ({
    resources: { requests: { storage } },
    ...more,
  });

  it('may be made anew, and no other', () => {
    assert.equal(mayRemakeClaim(claim(size('20Ti')), undefined).ok, true);
    const refusals: [KubeObject, string | undefined, RegExp][] = [
      [claim(size('20Ti'), 'Bound'), undefined, /has a volume/],
      [claim(size('20Ti', { volumeName: 'pv-1' })), undefined, /has a volume/],
      [claim(size('20Ti')), 'node-a', /is on node node-a/],
      [{ ...claim(size('20Ti')), metadata: { name: 'data-a' } }, undefined, /is not ours/],
    ];
    for (const [one, node, reason] of refusals) {
      const decision = mayRemakeClaim(one, node);
      assert.ok(!decision.ok);
      assert.match(decision.refusal, reason);
    }
  });

  const planned = (observed: KubeObject, wanted: object, node?: string): string[] => {
    const state = stateOf({ members: ['a'], pods: { a: null } });
    const [member] = state.members;
    const pod = state.objects.pods.get('a');
    assert.ok(member?.desired && pod?.spec);
    Object.assign(pod.spec, { nodeName: node });
    member.desired.pvc.spec = wanted;
    const claims = new Map([['data-a', observed]]);
    const { actions = [] } = planClaims({ ...state, objects: { ...state.objects, claims } });
    return actions.map(({ kind }) => kind);
  };

  it('is made anew once its size or class is corrected', () => {
    assert.deepEqual(planned(claim(size('20Ti')), size('20Gi')), ['delete-claim']);
    const other = { storageClassName: 'fast' };
    const slow = claim(size('1Gi', { storageClassName: 'slow' }));
    assert.deepEqual(planned(slow, size('1Gi', other)), ['delete-claim']);
  });

  it('is left alone when it is as it was asked for, has a volume, or its pod has a node', () => {
    assert.deepEqual(planned(claim(size('20Gi')), size('20Gi')), ['apply']);
    assert.deepEqual(planned(claim(size('1Gi', { storageClassName: 'x' })), size('1Gi')), [
      'apply',
    ]);
    assert.deepEqual(planned(claim(size('20Gi'), 'Bound'), size('10Gi')), ['apply']);
    assert.deepEqual(planned(claim(size('20Ti')), size('20Gi'), 'node-a'), ['apply']);
  });
});
