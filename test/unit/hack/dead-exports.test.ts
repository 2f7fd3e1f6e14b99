import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { deadExports } from '../../../hack/lib/dead-exports.ts';
import { parseModule } from '../../../hack/lib/modules.ts';

const dead = async (files: Readonly<Record<string, string>>): Promise<string[]> =>
  deadExports(
    await Promise.all(Object.entries(files).map(([path, text]) => parseModule(path, text))),
  );

describe('an export of the product', () => {
  const ALIVE: readonly [string, Record<string, string>][] = [
    [
      'that another room takes',
      {
        'kube/a.ts': `import { b } from '../schemas/b.ts';`,
        'schemas/b.ts': 'export const b = 1;',
      },
    ],
    [
      'that a script or the emulator takes, under another name',
      {
        'hack/a.ts': `import { type B as C } from '../schemas/b.ts';`,
        'schemas/b.ts': 'export interface B { x: 1 }',
      },
    ],
    [
      'that is taken when it is needed',
      {
        'cli/a.ts': `const { b } = await import('./b.ts'); (await import('./b.ts')).c();`,
        'cli/b.ts': 'export function b() {}\nexport const c = () => {};',
      },
    ],
    [
      'whose module is taken as a whole',
      {
        'cli/a.ts': `import * as all from './b.ts';`,
        'cli/b.ts': 'export class B {}\nexport type C = B;',
      },
    ],
    [
      'that another module hands on',
      {
        'cli/a.ts': `import { c } from './b.ts';`,
        'cli/b.ts': `export { b as c } from './c.ts';`,
        'cli/c.ts': 'const b = 1;\nexport { b };',
      },
    ],
    [
      'that its own file uses and a test looks at',
      {
        'cli/b.ts': 'export const b = 1;\nconsole.log(b);',
        'test/a.ts': `import { b } from '../cli/b.ts';`,
      },
    ],
    ['of a generated file', { 'schemas/generated/a.ts': 'export type A = 1;' }],
  ];
  for (const [title, files] of ALIVE)
    test(`${title} is alive`, async () => {
      assert.deepEqual(
        (await dead(files)).filter((text) => !text.startsWith('cli/a.ts')),
        [],
      );
    });

  const DEAD: readonly [string, Record<string, string>, RegExp][] = [
    [
      'that nobody takes',
      { 'pki/b.ts': '\nexport const b = 1;' },
      /^pki\/b.ts:2 exports b, which nothing of the product takes: delete it$/,
    ],
    [
      'that only its own file uses',
      { 'pki/b.ts': 'export interface B { b?: B }\nconst c: B = {};\nvoid c;' },
      /exports B, .*: keep it to the file$/,
    ],
    [
      'that only tests use',
      { 'pki/b.ts': 'export const b = 1;', 'test/a.ts': `import { b } from '../pki/b.ts';` },
      /exports b, .*: delete it$/,
    ],
    [
      'whose name is only that of a field elsewhere in its file',
      {
        'pki/b.ts': 'export const b = 1;\nconst c = { b: 2 };\nvoid c.b;',
        'test/a.ts': `import { b } from '../pki/b.ts';`,
      },
      /exports b, .*: delete it$/,
    ],
    [
      'that is handed on to nobody',
      {
        'pki/b.ts': `export { c as b } from './c.ts';`,
        'pki/c.ts': 'export const c = 1;',
      },
      /^pki\/b.ts:1 exports b, .*: delete it$/,
    ],
  ];
  for (const [title, files, expected] of DEAD)
    test(`${title} is dead`, async () => {
      const [sentence, ...others] = await dead(files);
      assert.match(sentence ?? '', expected);
      assert.deepEqual(others, []);
    });
});
