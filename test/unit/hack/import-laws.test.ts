import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { brokenLaws, LAWS } from '../../../hack/lib/import-laws.ts';
import { parseModule, readModules, type Module } from '../../../hack/lib/modules.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;

const tree = (files: Readonly<Record<string, string>>): Promise<Module[]> =>
  Promise.all(Object.entries(files).map(([path, text]) => parseModule(path, text)));

const broken = async (from: string, statement: string): Promise<string[]> =>
  brokenLaws(await tree({ [from]: statement }), LAWS, []);

describe('the laws of who imports whom', () => {
  const FORBIDDEN: readonly [string, string, RegExp][] = [
    ['schemas/a.ts', `import { b } from '../kube/b.ts';`, /^schemas\/a.ts:1 imports kube\/b.ts: /],
    ['kube/a.ts', `import type { B } from '../webhook/b.ts';`, /imports webhook\/b.ts/],
    ['pki/a.ts', `export { b } from '../controller/b.ts';`, /imports controller\/b.ts/],
    ['webhook/a.ts', `import { b } from '../controller/b.ts';`, /imports controller\/b.ts/],
    ['webhook/x/a.ts', `export * from '../../emulator/b.ts';`, /imports emulator\/b.ts/],
    ['controller/a.ts', `await import('../webhook/b.ts');`, /imports webhook\/b.ts/],
    ['controller/a.ts', `import '../test/support/b.ts';`, /imports test\/support\/b.ts/],
    ['cli/a.ts', `import { b } from '../controller/b.ts';`, /imports controller\/b.ts/],
    ['cli/a.ts', `import { b } from '../hack/b.ts';`, /imports hack\/b.ts/],
    ['emulator/a.ts', `import { b } from '../controller/deps.ts';`, /imports controller\/deps.ts/],
    ['emulator/a.ts', `import { b } from '../kube/b.ts';`, /imports kube\/b.ts/],
    ['test/a.ts', `import { run } from '../controller/main.ts';`, /runs when it is imported/],
    ['controller/cell/a.ts', `import { b } from '../shard/reconcile.ts';`, /shell/],
    ['controller/shard/state/a.ts', `import { b } from '../gather/b.ts';`, /vocabulary/],
    ['controller/shard/gather/a.ts', `import { b } from '../plan/b.ts';`, /never decides/],
    ['controller/shard/plan/a.ts', `import type { D } from '../../deps.ts';`, /is pure/],
    ['controller/shard/plan/a.ts', `import { b } from '../execute/b.ts';`, /A decision/i],
    ['controller/shard/guards/a.ts', `import { b } from '../../../kube/b.ts';`, /is pure/],
    ['controller/shard/other.ts', `import type { D } from '../deps.ts';`, /the shell hands deps/],
    ['controller/shard/report/a.ts', `import { b } from '../plan/b.ts';`, /report says/],
  ];
  for (const [from, statement, expected] of FORBIDDEN) {
    test(`${from} may not say: ${statement}`, async () => {
      const [sentence, ...others] = await broken(from, statement);
      assert.match(sentence ?? '', expected);
      assert.deepEqual(others, []);
    });
  }

  const ALLOWED: readonly [string, string][] = [
    ['webhook/a.ts', `import { b } from '../pki/b.ts';\nimport express from 'express';`],
    ['cli/version.ts', `import { version } from '../package.json' with { type: 'json' };`],
    ['emulator/a.ts', `import { b } from '../controller/topo/keys.ts';`],
    ['controller/controllers.ts', `import { b } from './shard/reconcile.ts';`],
    ['controller/shard/execute/a.ts', `import type { D } from '../../deps.ts';`],
    ['controller/shard/plan/a.ts', `import { b } from '../state/b.ts';`],
    ['test/a.ts', `import { b } from '../controller/shard/reconcile.ts';`],
    ['webhook/a.ts', `const text = "import { b } from '../controller/b.ts';";`],
  ];
  for (const [from, statement] of ALLOWED) {
    test(`${from} may say: ${statement}`, async () => {
      assert.deepEqual(await broken(from, statement), []);
    });
  }

  test('an exception lets an import pass, and must be needed', async () => {
    const modules = await tree({ 'schemas/a.ts': `import { b } from '../kube/b.ts';` });
    const pair = 'schemas/a.ts -> kube/b.ts';
    assert.deepEqual(brokenLaws(modules, LAWS, [pair]), []);
    const [stale] = brokenLaws([], LAWS, [pair]);
    assert.match(stale ?? '', /no such exception: schemas\/a.ts -> kube\/b.ts/);
  });

  test('every folder that a law names is there', async () => {
    const paths = (await readModules(ROOT)).map(({ path }) => path);
    for (const { of } of LAWS) {
      // the room of the next feature
      const places = of.filter((place) => !place.endsWith('/shard/rollout/'));
      for (const place of places)
        assert.ok(
          paths.some((path) => path.startsWith(place)),
          place,
        );
    }
  });
});
