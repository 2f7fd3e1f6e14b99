import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { metadataErrors, unknownOutside } from '../../../cli/metadata.ts';
import { METADATA, OWNER } from '../../support/metadata-cases.ts';

describe('metadata', () => {
  for (const [name, [metadata, ...wrong]] of Object.entries(METADATA))
    test(name, () => {
      const found = metadataErrors({ name: 'a', ...metadata }).map(({ path }) => path);
      assert.deepEqual(
        found,
        wrong.map((path) => `metadata.${path}`),
      );
    });
});

test('unknown fields are told wherever they stand in metadata', () => {
  const metadata = {
    name: 'a',
    lables: {},
    ownerReferences: [{ ...OWNER, blockOwnerDeletoin: true }],
    managedFields: [{ x: 1, fieldsV1: { any: 1 } }],
  };
  assert.deepEqual(
    unknownOutside({ metadata, specs: {} }, false).map(
      ({ path, fix }) => `${path}: ${fix.slice(0, 26)}`,
    ),
    [
      'specs: write spec',
      'metadata.lables: write labels',
      'metadata.ownerReferences[0].blockOwnerDeletoin: write blockOwnerDeletion',
      'metadata.managedFields[0].x: remove it; the fields here',
    ],
  );
});
