/** The acceptance cases on a real API server with our webhooks in front of it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { apiCases, type ApiCase } from '../support/api-cases.ts';
import { assertExpected, pureOutcome } from '../support/api-outcome.ts';
import { makeSharedWorld, prepare, realOutcome, sharedWorld } from '../support/api-real.ts';
import { connectAsUser, type ApiServer } from '../support/api-server.ts';
import { kubectl } from '../support/cluster.ts';
import { startWebhook, type RunningWebhook } from '../support/webhook.ts';
import { CONTROLLER } from '../support/worlds.ts';

const crds = new URL('../../chart/files/crds/', import.meta.url).pathname;
const OPERATOR = 'multigres-operator';
/** The copies of the webhook follow the API server within this time. */
const FOLLOW_MS = 5_000;

let server: ApiServer;
let webhook: RunningWebhook;

before(async () => {
  server = connectAsUser();
  kubectl(['apply', '--server-side', '--force-conflicts', '--field-manager=test', '-f', crds]);
  kubectl(['wait', '--for=condition=Established', '--timeout=30s', '-f', crds]);
  kubectl(['create', 'namespace', OPERATOR]);
  const administrators = [
    CONTROLLER,
    'system:serviceaccount:elsewhere:multigres-operator-controller',
    'alice',
  ];
  const users = administrators.map((user) => `--user=${user}`);
  kubectl(['create', 'clusterrolebinding', 'cases', '--clusterrole=cluster-admin', ...users]);
  await server.must('POST', `/apis/coordination.k8s.io/v1/namespaces/${OPERATOR}/leases`, {
    metadata: { name: 'multigres-operator' },
    // nobody renews it here: a time to come counts as now
    spec: {
      holderIdentity: 'test',
      renewTime: new Date(Date.now() + 3.6e6).toISOString().replace('Z', '000Z'),
    },
  });
  webhook = await startWebhook([`--namespace=${OPERATOR}`, '--lease-name=multigres-operator']);
});

after(async () => {
  await webhook.stop();
  for (const kind of ['mutatingwebhookconfiguration', 'validatingwebhookconfiguration']) {
    kubectl(['delete', kind, 'multigres-operator', '--ignore-not-found']);
  }
  await server.close();
});

/** Until the copies have followed, the answer may still be that of the world before. */
async function settled(attempt: () => Promise<void>): Promise<void> {
  const end = Date.now() + FOLLOW_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}

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
