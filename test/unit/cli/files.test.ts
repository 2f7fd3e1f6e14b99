import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { readFiles } from '../../../cli/files.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'multigres-test-files-'));
const place = (...parts: string[]): string => path.join(folder, ...parts);

before(() => {
  mkdirSync(place('real.yaml'));
  for (const name of ['a.yaml', 'z.yaml']) writeFileSync(place(name), `name: ${name}`);
  symlinkSync('nowhere', place('dangling.yaml'));
  symlinkSync('loop.yaml', place('loop.yaml'));
  symlinkSync('real.yaml', place('to-folder.yaml'));
  symlinkSync('a.yaml', place('to-file.yaml'));
});

after(() => rmSync(folder, { recursive: true }));

test('a link that leads nowhere hides none of the files beside it', async () => {
  const stdin = () => Promise.resolve('');
  const { inputs, failures } = await readFiles([folder], { stdin, recursive: true });
  assert.deepEqual(
    inputs.map(({ name }) => path.basename(name)),
    ['a.yaml', 'to-file.yaml', 'z.yaml'],
  );
  assert.deepEqual(
    failures.map(({ file, message }) => `${path.basename(file)}: ${message}`),
    [
      'dangling.yaml: there is no such file or folder',
      'loop.yaml: it is a link that leads back to itself',
    ],
  );
});

test('standard input that fails is told, and the rest is read', async () => {
  const stdin = () => Promise.reject(new Error('it is gone'));
  const names = ['-', place('a.yaml'), '-'];
  const { inputs, failures } = await readFiles(names, { stdin, recursive: false });
  assert.equal(inputs.length, 1);
  assert.deepEqual(failures, [{ file: '-', line: 0, column: 0, message: 'it is gone' }]);
});
