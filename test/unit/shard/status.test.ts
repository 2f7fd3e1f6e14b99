import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planShard } from '../../../controller/shard/plan/plan.ts';
import { shardStatus } from '../../../controller/shard/report/status.ts';
import type { KubeObject } from '../../../schemas/k8s.ts';
import { casesOf, readDocuments, updateExpected } from '../../support/cases.ts';
import type { World } from '../../support/shard-world.ts';
import { NOW, seen } from '../../support/shard-world.ts';

const orchestrator = (ready: boolean): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'orch', generation: 1 },
  spec: { replicas: 1 },
  status: { observedGeneration: 1, readyReplicas: ready ? 1 : 0 },
});

/** What people look at; everything else of a status is copied or counted. */
const statusOf = (world: World) => {
  const { shard, members, plan, dataPlane } = seen(world);
  const status = shardStatus({
    shard,
    members,
    pods: plan.pods,
    orchDeployments: [orchestrator(world.orchReady ?? true)],
    orchPods: [],
    orchWanted: 1,
    storageClasses: [],
    ...(dataPlane ? { dataPlane } : {}),
    plan: planShard(plan),
    problems: { secrets: world.secrets ?? [] },
    nowMs: NOW,
  });
  const conditions = Object.fromEntries(
    (status.conditions ?? [])
      .filter(({ type }) => type !== 'StorageClassValid')
      .map(({ type, status: value, reason }) => [type, `${value} ${reason}`]),
  );
  const { phase, message, podRoles, durabilityPolicy } = status;
  return {
    phase,
    message,
    podRoles,
    ...(durabilityPolicy === undefined ? {} : { durabilityPolicy }),
    conditions,
  };
};

describe('status of a shard', () => {
  for (const { name, file } of casesOf('status')) {
    it(name, () => {
      const [world] = readDocuments<World>(file('input.yaml'));
      assert.ok(world);
      const actual = statusOf(world);
      if (updateExpected(file('expected.yaml'), actual)) return;
      const [expected] = readDocuments<object>(file('expected.yaml'));
      assert.deepEqual(actual, expected);
    });
  }
});
