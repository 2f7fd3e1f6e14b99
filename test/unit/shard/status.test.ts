import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planShard } from '../../../controller/shard/plan/index.ts';
import { shardStatus } from '../../../controller/shard/report/status.ts';
import { casesOf, readDocuments, updateExpected } from '../../support/cases.ts';
import type { World } from '../../support/shard-world.ts';
import { stateOf } from '../../support/shard-world.ts';

/** What people look at; everything else of a status is copied or counted. */
const statusOf = (world: World) => {
  const state = stateOf(world);
  const status = shardStatus(state, planShard(state));
  const conditions = Object.fromEntries(
    (status.conditions ?? [])
      .filter(({ type }) => type !== 'StorageClassValid')
      .map(({ type, status: value, reason }) => [type, `${value} ${reason}`]),
  );
  const { phase, message, podRoles, durabilityPolicy, doing, switchover, cohort, expectedMembers } =
    status;
  return {
    phase,
    message,
    podRoles,
    ...(doing === undefined ? {} : { doing }),
    ...(switchover === undefined ? {} : { switchover }),
    ...(cohort === undefined ? {} : { cohort: `${cohort} of ${expectedMembers}` }),
    tolerates: `writes ${status.writeTolerance}, failover ${status.failoverTolerance}`,
    ...(durabilityPolicy === undefined ? {} : { durabilityPolicy }),
    conditions,
  };
};

describe('status of a shard', () => {
  for (const { name, file } of casesOf('status')) {
    it(name.replaceAll('-', ' '), () => {
      const [world] = readDocuments<World>(file('input.yaml'));
      assert.ok(world);
      const actual = statusOf(world);
      if (updateExpected(file('expected.yaml'), actual)) return;
      const [expected] = readDocuments<object>(file('expected.yaml'));
      assert.deepEqual(actual, expected);
    });
  }
});
