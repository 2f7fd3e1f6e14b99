import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withPlaces } from '../../../controller/shard/state/places.ts';

const member = (pod: string, cell: string, index: number) => ({
  pod,
  cell,
  index,
  pool: 'default',
});
const members = [
  member('app-pool-0', 'zone-a', 0),
  member('app-pool-1', 'zone-a', 1),
  member('b-pool-10', 'zone-b', 10),
  member('b-pool-1', 'zone-b', 1),
];
const shard = { spec: { pools: { default: {} } } };
const told = (text: string): string =>
  withPlaces({ members, shard } as unknown as Parameters<typeof withPlaces>[0], text);

describe('pods in messages', () => {
  it('are named by where they are, and by their name once', () => {
    assert.equal(
      told('app-pool-0 waits: app-pool-0 is restored from b-pool-1'),
      'zone-a/0 (app-pool-0) waits: zone-a/0 is restored from zone-b/1 (b-pool-1)',
    );
  });

  it('are left as they are where they are named so already', () => {
    const text = 'primary zone-a/1 (app-pool-1), cohort 2 of 2';
    assert.equal(told(text), text);
    assert.equal(told(told('app-pool-1 is gone')), told('app-pool-1 is gone'));
  });

  it('are not seen in the names of volumes, in addresses and in longer names', () => {
    for (const text of [
      'volume data-app-pool-0 grows',
      'no answer from app-pool-0.ns.svc:15270',
      'b-pool-100 is none of ours',
    ])
      assert.equal(told(text), text);
  });
});
