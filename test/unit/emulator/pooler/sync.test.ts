import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cohortProblem, syncMessage, syncSettings } from '../../../../emulator/pooler/sync.ts';

const id = (cell: string, name = `p-${cell}`) => ({
  component: 'MULTIPOOLER' as const,
  cell,
  name,
});
const cohort = [id('zone-a'), id('zone-c'), id('zone-b')];
const atLeast = {
  policy_name: 'AT_LEAST_2',
  quorum_type: 'QUORUM_TYPE_AT_LEAST_N',
  required_count: 2,
} as const;
const multiCell = {
  policy_name: 'MULTI_CELL_AT_LEAST_2',
  quorum_type: 'QUORUM_TYPE_MULTI_CELL_AT_LEAST_N',
  required_count: 2,
} as const;

test("sync list: AT_LEAST_N names every member, the leader too, in the rule's order", () => {
  const { names, commit } = syncSettings(atLeast, cohort, id('zone-a'));
  assert.equal(names, 'ANY 1 ("zone-a_p-zone-a", "zone-c_p-zone-c", "zone-b_p-zone-b")');
  assert.equal(commit, 'on');
});

test('sync list: MULTI_CELL names the members of other cells', () => {
  const more = [...cohort, id('zone-a', 'p-zone-a2')];
  const { names } = syncSettings(multiCell, more, id('zone-a'));
  assert.equal(names, 'ANY 1 ("zone-c_p-zone-c", "zone-b_p-zone-b")');
});

test('sync list: back to the wire form', () => {
  assert.deepEqual(syncMessage('ANY 1 ("zone-a_p-zone-a", "zone-b_p_2")', 'on'), {
    synchronous_commit: 'SYNCHRONOUS_COMMIT_ON',
    synchronous_method: 'SYNCHRONOUS_METHOD_ANY',
    num_sync: 1,
    standby_ids: [id('zone-a'), id('zone-b', 'p_2')],
    standby_application_names: ['zone-a_p-zone-a', 'zone-b_p_2'],
  });
  assert.deepEqual(syncMessage('', 'on'), { synchronous_commit: 'SYNCHRONOUS_COMMIT_ON' });
});

test("a cohort that cannot satisfy its policy is named in the runtime's words", () => {
  assert.equal(cohortProblem(atLeast, cohort), undefined);
  assert.equal(
    cohortProblem(atLeast, [id('zone-a')]),
    'durability not satisfied: 1 poolers, required 2',
  );
  assert.match(cohortProblem(multiCell, [id('zone-a'), id('zone-a', 'p2')]) ?? '', /1 cells/);
});
