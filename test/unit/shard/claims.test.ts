import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClaimDeletion } from '../../../controller/guards/may-delete-claim.ts';
import { mayDeleteClaim } from '../../../controller/guards/may-delete-claim.ts';
import { LABELS, MANAGED_BY } from '../../../schemas/labels.ts';

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
