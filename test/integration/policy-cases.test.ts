/** The cases of each policy on a real API server, as far as their world can be made there. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { apiPath, kindOf } from '../../kube/api.ts';
import type { KubeObject } from '../../schemas/k8s.ts';
import { POLICIES } from '../../webhook/policies/index.ts';
import { apiCases } from '../support/api-cases.ts';
import { makeSharedWorld, prepare, realOutcome, sharedWorld } from '../support/api-real.ts';
import type { ApiServer } from '../support/api-server.ts';
import { installForCases, settled, type CaseInstallation } from '../support/case-installation.ts';
import {
  behindTheSchema,
  isChange,
  policyCases,
  type PolicyCase,
  verdictOf,
} from '../support/policy-cases.ts';
import { CONTROLLER } from '../support/worlds.ts';

let installation: CaseInstallation;
let server: ApiServer;

before(async () => {
  installation = await installForCases();
  ({ server } = installation);
});

after(() => installation.stop());

const codeOf = (id: string): string => POLICIES.find((policy) => policy.id === id)?.code ?? id;

/** Worlds in which something cannot be read, and settings of a start, are for the functions alone. */
const canBeMade = (item: PolicyCase): boolean => {
  const { world, policy, old } = item;
  const { nodes, storageClasses, zoneLabels, shards, claims, secrets = {}, configMaps } = world;
  const halfKnown = old !== undefined && (shards === undefined) !== (claims === undefined);
  const unread =
    (policy === 'password-secret' && Object.keys(secrets).length === 0) ||
    (policy === 'postgres-config-ref' && Object.keys(configMaps ?? {}).length === 0);
  return Boolean(nodes && storageClasses) && !zoneLabels && !halfKnown && !unread && isChange(item);
};

/** Policies with the verdicts that were seen of them. */
const seen = new Map<string, Set<string>>();
let count = 0;

const BYPASS = (id: string) => ({
  'multigres.com/bypass-policies': id,
  'multigres.com/bypass-reason': 'the test wants it',
});

const withBypass = (item: PolicyCase): PolicyCase => {
  const { metadata } = item.input;
  const annotations = { ...metadata.annotations, ...BYPASS(item.policy) };
  return { ...item, input: { ...item.input, metadata: { ...metadata, annotations } } };
};

/** Puts the annotations of an object on the stored one; as the controller, which no webhook stops. */
async function annotate(server: ApiServer, object: KubeObject, namespace: string): Promise<void> {
  const { name, annotations } = object.metadata;
  const path = apiPath(kindOf(object), namespace, name);
  await server.must('PATCH', path, { metadata: { annotations } }, CONTROLLER);
}

/** True when the policy was asked, false when the schema answered before it, as to an old object too. */
async function runCase(item: PolicyCase): Promise<boolean> {
  count += 1;
  const namespace = `case-${count}`;
  const code = codeOf(item.policy);
  try {
    await prepare(server, item, namespace);
  } catch (error) {
    // an old object that the schema of today would not let in
    if (/: 422 /.test(String(error))) return false;
    throw error;
  }
  let behind = false;
  await settled(async () => {
    const outcome = await realOutcome(server, item, namespace);
    behind = outcome.by === 'schema';
    if (behind) return;
    assert.equal(verdictOf(outcome, code), item.verdict, outcome.text);
    const known = seen.get(item.policy) ?? new Set();
    seen.set(item.policy, known.add(item.verdict));
    if (item.verdict !== 'denied') return;
    const asking = withBypass(item);
    // of a deletion it is the stored object that asks
    if (item.request.operation === 'DELETE') await annotate(server, asking.input, namespace);
    const bypassed = await realOutcome(server, asking, namespace);
    assert.ok(!bypassed.denied.includes(code), `bypassed: ${bypassed.text}`);
    known.add('bypassed');
  });
  return !behind;
}

const groups = Object.groupBy(policyCases().filter(canBeMade), ({ world }) => sharedWorld(world));
for (const cases of Object.values(groups)) {
  if (!cases?.[0]) continue;
  const [{ world, policy, name }] = cases;
  describe(`cases in the world of ${policy}/${name}`, { concurrency: 16 }, () => {
    before(() => makeSharedWorld(server, world));
    for (const item of cases) {
      test(`${item.policy}: ${item.name}`, async () => {
        const reached = await runCase(item);
        const expected = !behindTheSchema.has(`${item.policy}/${item.name}`);
        assert.equal(
          reached,
          expected,
          'behind-the-schema.yaml lists what the schema answers first',
        );
      });
    }
  });
}

/** What the acceptance cases show on the same kind of server need not be shown here. */
const shown = new Set(apiCases().flatMap(({ expected }) => expected.codes ?? []));

/** It has a case that it denies, which the API server lets come to it. */
const denies = (id: string): boolean =>
  policyCases().some(
    (item) =>
      item.policy === id &&
      item.verdict === 'denied' &&
      canBeMade(item) &&
      !behindTheSchema.has(`${id}/${item.name}`),
  );

describe('each policy', () => {
  for (const { id, code, mode } of POLICIES.filter((policy) => !shown.has(policy.code))) {
    test(`${id} (${code}) let something pass, and something not`, () => {
      const verdicts = seen.get(id) ?? new Set();
      assert.ok(verdicts.has('allowed'), 'no case that is allowed');
      assert.ok(verdicts.has(mode === 'deny' ? 'denied' : 'warned'), `no case that is ${mode}`);
    });
  }
  for (const { id, code } of POLICIES.filter((policy) => denies(policy.id))) {
    test(`${id} (${code}) was set aside by who may`, () => {
      assert.ok(seen.get(id)?.has('bypassed'), 'no case that is bypassed');
    });
  }
});
