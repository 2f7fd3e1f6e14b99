/** The acceptance cases on a real API server with our webhooks in front of it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { apiCases, type ApiCase } from '../support/api-cases.ts';
import { assertExpected, pureOutcome } from '../support/api-outcome.ts';
import { makeSharedWorld, prepare, realOutcome, sharedWorld } from '../support/api-real.ts';
import type { ApiServer } from '../support/api-server.ts';
import { installForCases, settled, type CaseInstallation } from '../support/case-installation.ts';

let installation: CaseInstallation;
let server: ApiServer;

before(async () => {
  installation = await installForCases();
  ({ server } = installation);
});

after(() => installation.stop());

let count = 0;

async function runCase(item: ApiCase): Promise<void> {
  count += 1;
  const namespace = `case-${count}`;
  await prepare(server, item, namespace);
  const pure = pureOutcome(item);
  await settled(async () => {
    const outcome = await realOutcome(server, item, namespace);
    assertExpected(item, outcome);
    const { verdict, by, denied, warned } = outcome;
    assert.deepEqual(
      { verdict, by, denied, warned },
      { verdict: pure.verdict, by: pure.by, denied: pure.denied, warned: pure.warned },
      `the functions say otherwise: ${pure.text}\n${outcome.text}`,
    );
    if (outcome.stored && pure.stored) {
      assert.deepEqual(outcome.stored['spec'], pure.stored['spec']);
    }
  });
}

for (const cases of Object.values(Object.groupBy(apiCases(), ({ world }) => sharedWorld(world)))) {
  if (!cases?.[0]) continue;
  const [{ world, name }] = cases;
  describe(`cases in the world of ${name}`, { concurrency: 8 }, () => {
    before(() => makeSharedWorld(server, world));
    for (const item of cases) test(item.name, () => runCase(item));
  });
}
