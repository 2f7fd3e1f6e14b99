import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  POLICIES,
  canElect,
  cellLosses,
  countByCell,
  durabilityOf,
  electionTolerance,
  membershipOf,
  minAvailable,
  policyInForce,
  parsePolicy,
  policyOrDefault,
  removalOf,
} from '../../schemas/durability.ts';
import type { Member, Policy } from '../../schemas/durability.ts';

const { AT_LEAST_2, MULTI_CELL_AT_LEAST_2 } = POLICIES;

/** members(2, 1): two in cell z0, one in z1. */
const members = (...counts: number[]): Member[] =>
  counts.flatMap((count, cell) =>
    Array.from({ length: count }, (_, i) => ({ id: `z${cell}-${i}`, cell: `z${cell}` })),
  );
const durability = (policy: Policy, ...counts: number[]) =>
  durabilityOf(policy, countByCell(members(...counts)));

// --- brute force: the rules spelt out over every subset, sharing nothing with the code under test ---

const subsets = (all: Member[]): Member[][] =>
  Array.from({ length: 2 ** all.length }, (_, bits) => all.filter((__, i) => (bits >> i) & 1));

/** Could these members, with some leader among them, hold a write? */
const couldAck = (policy: Policy, group: Member[]): boolean =>
  group.some((leader) =>
    group.some(
      (other) => other !== leader && (policy.scope === 'any' || other.cell !== leader.cell),
    ),
  );
const commits = (policy: Policy, alive: Member[], leader: Member): boolean =>
  alive.includes(leader) &&
  alive.some((m) => m !== leader && (policy.scope === 'any' || m.cell !== leader.cell));
const elects = (policy: Policy, all: Member[], recruited: Member[]): boolean =>
  recruited.length > all.length / 2 &&
  !couldAck(
    policy,
    all.filter((m) => !recruited.includes(m)),
  );
const recovers = (policy: Policy, all: Member[], alive: Member[]): boolean =>
  elects(policy, all, alive) && alive.some((leader) => commits(policy, alive, leader));

/** Largest n such that every loss of n members passes, all smaller losses too. */
const tolerance = (losable: Member[], passes: (lost: Member[]) => boolean): number => {
  const failed = subsets(losable)
    .filter((lost) => !passes(lost))
    .map((lost) => lost.length);
  return Math.max(Math.min(...failed, losable.length + 1) - 1, 0);
};

/** All shapes of up to 7 members in up to 4 cells. */
const shapes: number[][] = [];
for (let a = 0; a <= 7; a++)
  for (let b = 0; a + b <= 7; b++)
    for (let c = 0; a + b + c <= 7; c++)
      for (let d = 0; a + b + c + d <= 7; d++) shapes.push([a, b, c, d]);

for (const policy of [AT_LEAST_2, MULTI_CELL_AT_LEAST_2]) {
  test(`${policy.name}: elections equal the brute-force model for every subset`, () => {
    for (const shape of shapes) {
      const all = members(...shape);
      for (const alive of subsets(all)) {
        assert.equal(canElect(policy, all, alive), elects(policy, all, alive), shape.join());
      }
    }
  });

  test(`${policy.name}: tolerances equal the brute-force model for every shape`, () => {
    for (const shape of shapes) {
      const all = members(...shape);
      const without = (lost: Member[]) => all.filter((m) => !lost.includes(m));
      const achievable = couldAck(policy, all);
      const expected = {
        achievable,
        failoverTolerance: achievable
          ? tolerance(all, (lost) => lost.length === 0 || recovers(policy, all, without(lost)))
          : 0,
        writeTolerance: achievable
          ? Math.min(
              ...all.map((leader) =>
                tolerance(
                  all.filter((m) => m !== leader),
                  (lost) => commits(policy, without(lost), leader),
                ),
              ),
            )
          : 0,
        survivesLossOf: Object.fromEntries(
          [...new Set(all.map((m) => m.cell))].map((cell) => [
            cell,
            recovers(
              policy,
              all,
              all.filter((m) => m.cell !== cell),
            ),
          ]),
        ),
      };
      const {
        achievable: a,
        failoverTolerance,
        writeTolerance,
        survivesLossOf,
      } = durability(policy, ...shape);
      const actual = { achievable: a, failoverTolerance, writeTolerance, survivesLossOf };
      assert.deepEqual(actual, expected, `${policy.name} ${shape.join()}`);
    }
  });

  test(`${policy.name}: what the loss of a cell does equals the brute-force model`, () => {
    for (const shape of shapes) {
      const all = members(...shape);
      const expected = [...new Set(all.map((m) => m.cell))].map((cell) => {
        const [lost, rest] = [true, false].map((is) => all.filter((m) => (m.cell === cell) === is));
        assert.ok(lost && rest);
        const harms = [
          ...(couldAck(policy, lost) ? ['lost-could-confirm'] : []),
          ...(rest.length > all.length / 2 ? [] : ['no-majority']),
          ...(couldAck(policy, rest) ? [] : ['rest-too-few']),
          'none',
        ];
        return { cell, lost: lost.length, harm: harms[0] };
      });
      assert.deepEqual(cellLosses(policy, countByCell(all)), expected, shape.join());
    }
  });

  test(`${policy.name}: elections tolerate what the brute-force model says`, () => {
    for (const shape of shapes) {
      const all = members(...shape);
      const expected = tolerance(all, (lost) =>
        elects(
          policy,
          all,
          all.filter((m) => !lost.includes(m)),
        ),
      );
      assert.equal(electionTolerance(policy, countByCell(all)), expected, shape.join());
    }
  });

  test(`${policy.name}: a budget never blocks all evictions, nor lets two go that matter`, () => {
    for (const shape of shapes) {
      const all = members(...shape);
      const allowed = all.length - minAvailable(policy, all);
      if (all.length === 0) continue;
      assert.ok(allowed >= 1, `${shape.join()}: a drain would hang`);
      if (allowed < 2) continue;
      for (const gone of subsets(all).filter((s) => s.length === allowed)) {
        assert.ok(
          recovers(
            policy,
            all,
            all.filter((m) => !gone.includes(m)),
          ),
          shape.join(),
        );
      }
    }
  });
}

const losing = (all: Member[], ...ids: string[]) => all.filter(({ id }) => !ids.includes(id));

test('AT_LEAST_2: standbys that may be lost while writes go on', () => {
  const table: [cohort: number, tolerated: number][] = [[2, 0], [3, 1], [4, 2], [5, 3], [6, 4]]; // prettier-ignore
  for (const [cohort, tolerated] of table) {
    assert.equal(durability(AT_LEAST_2, cohort).writeTolerance, tolerated, `${cohort}`);
  }
});

test('AT_LEAST_2: recruitable members that a failover needs', () => {
  const table: [cohort: number, needed: number][] = [[2, 2], [3, 2], [4, 3], [5, 4], [6, 5]]; // prettier-ignore
  for (const [cohort, needed] of table) {
    const all = members(cohort);
    assert.ok(canElect(AT_LEAST_2, all, all.slice(0, needed)), `${needed} of ${cohort}`);
    assert.ok(!canElect(AT_LEAST_2, all, all.slice(0, needed - 1)), `${needed - 1} of ${cohort}`);
  }
  assert.equal(durability(AT_LEAST_2, 2).failoverTolerance, 0, 'the leader lost: stuck');
  for (const cohort of [3, 4, 5, 6]) {
    assert.equal(durability(AT_LEAST_2, cohort).failoverTolerance, 1, 'exactly one, in any size');
  }
});

test('the numbers behind the loss of a cell', () => {
  const table: [Policy, number[], string, tolerated: number][] = [
    [AT_LEAST_2, [2, 2, 2], 'lost-could-confirm', 1],
    [AT_LEAST_2, [1, 1, 1], 'none', 1],
    [AT_LEAST_2, [1, 1], 'no-majority', 0],
    [AT_LEAST_2, [1, 2], 'none', 1],
    [MULTI_CELL_AT_LEAST_2, [2, 2, 2], 'none', 1],
    [MULTI_CELL_AT_LEAST_2, [2, 2], 'no-majority', 1],
    [MULTI_CELL_AT_LEAST_2, [2, 3], 'rest-too-few', 1],
  ];
  for (const [policy, shape, harm, tolerated] of table) {
    const membership = countByCell(members(...shape));
    const [first] = cellLosses(policy, membership);
    assert.equal(first?.harm, harm, `${policy.name} ${shape.join()}`);
    assert.equal(first.lost, shape[0]);
    assert.equal(electionTolerance(policy, membership), tolerated, shape.join());
  }
});

test('without multiorch in another cell nobody elects, whatever the poolers could do', () => {
  const harms = (shape: number[], orchestrators: Record<string, number>) =>
    cellLosses(AT_LEAST_2, countByCell(members(...shape)), orchestrators).map(
      ({ cell, lost, harm }) => `${cell} ${lost} ${harm}`,
    );
  const fine = ['z0 1 none', 'z1 1 none', 'z2 1 none'];
  assert.deepEqual(harms([1, 1, 1], { z0: 1, z1: 1, z2: 1 }), fine);
  assert.deepEqual(harms([1, 1, 1], { z0: 1, z1: 1 }), fine);
  assert.deepEqual(harms([1, 1, 1], { z0: 2 }), ['z0 1 no-orchestrator', ...fine.slice(1)]);
  assert.deepEqual(harms([1, 1, 1], { z3: 1 }), [...fine, 'z3 0 no-orchestrator']);
  assert.deepEqual(
    harms([1, 1, 1], { z0: 0 }),
    fine.map((text) => text.replace('none', 'no-orchestrator')),
  );
  // What the poolers could not do anyway is told first.
  assert.deepEqual(harms([2, 1], { z0: 1 })[0], 'z0 2 lost-could-confirm');
});

test('a shard that has started keeps its policy, whatever its spec says', () => {
  const spec = { durabilityPolicy: 'MULTI_CELL_AT_LEAST_2' };
  assert.equal(policyInForce({ spec, status: { durabilityPolicy: 'AT_LEAST_2' } }), AT_LEAST_2);
  assert.equal(policyInForce({ spec, status: {} }), MULTI_CELL_AT_LEAST_2);
  assert.equal(policyInForce({ spec: {} }), AT_LEAST_2);
});

test('AT_LEAST_2: two poolers per cell lose the shard with a cell, one per cell does not', () => {
  assert.equal(durability(AT_LEAST_2, 2, 2, 2).survivesCellLoss, false);
  assert.equal(durability(AT_LEAST_2, 1, 1, 1).survivesCellLoss, true);
  const all = members(2, 2, 2);
  assert.ok(!canElect(AT_LEAST_2, all, losing(all, 'z0-0', 'z0-1')));
  assert.ok(canElect(AT_LEAST_2, all, losing(all, 'z0-0')), 'one of the two is back');
});

test('MULTI_CELL_AT_LEAST_2: a whole cell may be lost with three even cells, not with two', () => {
  assert.equal(durability(MULTI_CELL_AT_LEAST_2, 2, 2, 2).survivesCellLoss, true);
  assert.equal(durability(MULTI_CELL_AT_LEAST_2, 1, 1, 1).survivesCellLoss, true);
  assert.equal(durability(MULTI_CELL_AT_LEAST_2, 2, 2).survivesCellLoss, false);
  const all = members(2, 2);
  assert.ok(!canElect(MULTI_CELL_AT_LEAST_2, all, losing(all, 'z0-0', 'z0-1')), 'no majority');
});

test('MULTI_CELL_AT_LEAST_2: an election that the rule allows may still end without writes', () => {
  const all = members(3, 2);
  const alive = losing(all, 'z1-0', 'z1-1');
  assert.ok(canElect(MULTI_CELL_AT_LEAST_2, all, alive));
  assert.ok(alive.every((leader) => !commits(MULTI_CELL_AT_LEAST_2, alive, leader)));
  assert.equal(durability(MULTI_CELL_AT_LEAST_2, 3, 2).survivesLossOf['z1'], false);
});

test('a policy that cannot be met says so and tolerates nothing', () => {
  assert.equal(durability(AT_LEAST_2, 1).achievable, false);
  assert.equal(durability(MULTI_CELL_AT_LEAST_2, 5).achievable, false);
  assert.equal(durability(MULTI_CELL_AT_LEAST_2, 5).writeTolerance, 0);
  assert.equal(durability(AT_LEAST_2).achievable, false);
});

test('restart window: after one standby left a cohort of three, losing the leader is stuck', () => {
  const cohort = members(1, 1);
  assert.ok(!canElect(AT_LEAST_2, cohort, cohort.slice(1)));
});

test('the budget: 2 of 3 stay; of 2 one may go; one alone is not protected', () => {
  assert.equal(minAvailable(AT_LEAST_2, members(1, 1, 1)), 2);
  assert.equal(minAvailable(AT_LEAST_2, members(2, 2, 2)), 5);
  assert.equal(minAvailable(MULTI_CELL_AT_LEAST_2, members(2, 2, 2)), 5);
  assert.equal(minAvailable(AT_LEAST_2, members(2)), 1);
  assert.equal(minAvailable(AT_LEAST_2, members(1)), 0);
});

test('removals: cohort first from four on, by deletion from three, never below the policy', () => {
  assert.equal(removalOf(AT_LEAST_2, members(2), 'z0-1'), 'refuse');
  assert.equal(removalOf(AT_LEAST_2, members(3), 'z0-2'), 'delete');
  assert.equal(removalOf(AT_LEAST_2, members(4), 'z0-3'), 'cohort-first');
  assert.equal(removalOf(MULTI_CELL_AT_LEAST_2, members(2, 1), 'z1-0'), 'refuse', 'one cell left');
  assert.equal(removalOf(MULTI_CELL_AT_LEAST_2, members(2, 2, 1), 'z2-0'), 'cohort-first');
});

test('policies are found by their exact name only', () => {
  assert.equal(parsePolicy('AT_LEAST_2'), AT_LEAST_2);
  for (const name of ['at_least_2', 'AT_LEAST_3', '', 'toString', '__proto__']) {
    assert.equal(parsePolicy(name), undefined, name);
    assert.equal(policyOrDefault(name), AT_LEAST_2, name);
  }
});

test("the cohort is the shard's: pools add up per cell", () => {
  const pools = {
    default: { cells: ['z1', 'z2'], replicasPerCell: 2 },
    analytics: { cells: ['z2'] },
  };
  assert.deepEqual(membershipOf(pools), { z1: 2, z2: 3 });
});
