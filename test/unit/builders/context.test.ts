import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIssuer } from '../../../controller/builders/context.ts';

test('an issuer is a kind and a name', () => {
  assert.deepEqual(parseIssuer('Issuer/ours'), { kind: 'Issuer', name: 'ours' });
  assert.deepEqual(parseIssuer('ours'), { kind: 'ClusterIssuer', name: 'ours' });
});
