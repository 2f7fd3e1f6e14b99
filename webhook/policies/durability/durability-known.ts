import { parsePolicy, POLICIES } from '../../../schemas/durability.ts';
import { pointer, type Segment } from '../locate.ts';
import { CLUSTER_WRITES, type Finding, type Policy } from '../policy.ts';
import { findNew } from '../stored.ts';
import { nearest } from '../../../schemas/spelling.ts';
import { oneOf } from '../words.ts';

const NAMES = Object.keys(POLICIES);

export const durabilityKnown: Policy = {
  id: 'durability-known',
  code: 'MG005',
  ...CLUSTER_WRITES,
  mode: 'deny',
  summary: 'The durability policy is one that the runtime knows.',
  description: `The runtime refuses to elect a leader under a policy that it does not know, and it
does so late, when all volumes are there. Known are \`AT_LEAST_2\` (the leader and any other pooler
hold each write) and \`MULTI_CELL_AT_LEAST_2\` (the leader and a pooler of another cell do). An
object that holds an unknown name already may still be edited, with a warning.`,
  good: `spec:
  durabilityPolicy: AT_LEAST_2`,
  bad: `spec:
  durabilityPolicy: AT_LEAST_TWO`,
  check: (ctx) =>
    findNew(ctx, ({ spec }) =>
      [
        judge(spec?.durabilityPolicy, ['spec', 'durabilityPolicy'], ''),
        ...(spec?.databases ?? []).map(({ name, durabilityPolicy }, d) =>
          judge(
            durabilityPolicy,
            ['spec', 'databases', d, 'durabilityPolicy'],
            `database ${name}: `,
          ),
        ),
      ].flat(),
    ),
};

function judge(name: string | undefined, path: Segment[], whose: string): Finding | [] {
  if (name === undefined || name === '' || parsePolicy(name)) return [];
  const near = nearest(name, NAMES);
  return {
    path: pointer(...path),
    value: name,
    message: `the durability policy ${name} is unknown`,
    allowed: oneOf(NAMES),
    fix: near ? `write ${near}` : 'name one of these, or leave the field out for AT_LEAST_2',
    brief: `${whose}durabilityPolicy ${name} is unknown; write ${near ?? 'AT_LEAST_2'}`,
  };
}
