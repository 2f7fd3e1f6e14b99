import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backendQuota } from '../../../controller/toposerver/desired.ts';

test("etcd's database may take half of its volume, and never more than etcd can bear", () => {
  assert.equal(backendQuota('1Gi'), 512 * 1024 ** 2);
  assert.equal(backendQuota('10Gi'), 5 * 1024 ** 3);
  assert.equal(backendQuota('100Gi'), 8 * 1024 ** 3);
  assert.equal(backendQuota('3'), 1);
  assert.equal(backendQuota('much'), undefined);
});
