/**
 * Cases in test/cases/desired: input.yaml -> expected.yaml. The children of the object alone, or
 * `recursive` ones down to pods where the folder name ends in `-with-everything-below`.
 * UPDATE=1 writes expected.yaml anew: read the diff.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments, stringify } from 'yaml';
import type { KubeObject } from '../../schemas/k8s.ts';
import { childrenOf, descendantsOf, readInput } from '../support/desired.ts';

const ROOT = join(import.meta.dirname, '../cases/desired');
const RECURSIVE = 'with-everything-below';

const write = (path: string, objects: readonly KubeObject[]): void => {
  const text = objects.map((object) =>
    stringify(object, { aliasDuplicateObjects: false, lineWidth: 0 }),
  );
  writeFileSync(path, text.join('---\n'));
};

for (const name of readdirSync(ROOT)) {
  test(`desired: ${name}`, () => {
    const input = readInput(join(ROOT, name, 'input.yaml'));
    const objects = name.endsWith(RECURSIVE) ? descendantsOf(input) : childrenOf(input);
    const path = join(ROOT, name, 'expected.yaml');
    if (process.env['UPDATE'] === '1' || !existsSync(path)) write(path, objects);
    const expected = parseAllDocuments(readFileSync(path, 'utf8')).map(
      (document) => document.toJS() as KubeObject,
    );
    assert.deepEqual(JSON.parse(JSON.stringify(objects)), expected);
  });
}
