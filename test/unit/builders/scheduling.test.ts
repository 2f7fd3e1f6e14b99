import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeTerms, scheduling } from '../../../controller/builders/scheduling.ts';

const ZONE = { 'topology.k8s.aws/zone-id': 'az1' };
const expression = (key: string, ...values: string[]): object => ({ key, operator: 'In', values });
const terms = (...list: object[]): object => ({
  requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: list },
});

test('a zone may stand under either label, a region under one', () => {
  assert.deepEqual(placeTerms(ZONE), [
    { matchExpressions: [expression('topology.k8s.aws/zone-id', 'az1')] },
    { matchExpressions: [expression('topology.kubernetes.io/zone', 'az1')] },
  ]);
  assert.deepEqual(placeTerms(ZONE, ['my/zone']), [
    { matchExpressions: [expression('my/zone', 'az1')] },
  ]);
  assert.deepEqual(placeTerms({ 'topology.kubernetes.io/region': 'eu' }), [
    { matchExpressions: [expression('topology.kubernetes.io/region', 'eu')] },
  ]);
  assert.deepEqual(placeTerms({}), []);
});

test("the user's alternatives each hold in each place", () => {
  const user = {
    nodeAffinity: {
      ...terms(
        { matchExpressions: [expression('disk', 'nvme')] },
        { matchFields: [expression('metadata.name', 'n1')] },
        {},
      ),
      preferredDuringSchedulingIgnoredDuringExecution: ['kept'],
    },
  };
  const wish = { place: ZONE, affinity: user, spread: { a: 'b' } };
  const { affinity } = scheduling(wish, { zoneKeys: ['z1', 'z2'] });
  assert.deepEqual(affinity?.['nodeAffinity'], {
    ...terms(
      { matchExpressions: [expression('z1', 'az1'), expression('disk', 'nvme')] },
      { matchExpressions: [expression('z1', 'az1')], matchFields: [expression('metadata.name', 'n1')] }, // prettier-ignore
      { matchExpressions: [expression('z2', 'az1'), expression('disk', 'nvme')] },
      { matchExpressions: [expression('z2', 'az1')], matchFields: [expression('metadata.name', 'n1')] }, // prettier-ignore
    ),
    preferredDuringSchedulingIgnoredDuringExecution: ['kept'],
  });
});

test('a rule that matches no node still matches none', () => {
  const user = { nodeAffinity: terms({}) };
  const { affinity } = scheduling({ place: ZONE, affinity: user, spread: {} }, {});
  assert.deepEqual(affinity?.['nodeAffinity'], terms({}));
});

test("the user's own anti-affinity replaces ours; without a place there is no node rule", () => {
  const user = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [] } };
  assert.deepEqual(scheduling({ affinity: user, spread: { a: 'b' } }, {}), { affinity: user });
  const ours = scheduling({ spread: { a: 'b' }, tolerations: [] }, {});
  assert.deepEqual(Object.keys(ours.affinity ?? {}), ['podAntiAffinity']);
  assert.equal(ours.tolerations, undefined);
});
