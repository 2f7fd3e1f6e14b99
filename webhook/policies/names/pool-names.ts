import type { ShardTemplate } from '../../../schemas/types.ts';
import { pointer, poolsOf, shardsOf } from '../locate.ts';
import type { Finding, Policy } from '../policy.ts';

const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const LONGEST = 25;

export const poolNames: Policy = {
  id: 'pool-names',
  code: 'MG011',
  kinds: ['MultigresCluster', 'ShardTemplate'],
  operations: ['CREATE', 'UPDATE'],
  mode: 'deny',
  summary: 'Names of pools are DNS labels of at most 25 characters.',
  description: `The name of a pool becomes part of the names of Pods, volumes and Services and a label
value. The schema cannot check the keys of a map, so it is checked here, for clusters and for
ShardTemplates.`,
  good: `pools:
  read-heavy: { replicasPerCell: 2 }`,
  bad: `pools:
  Read_Heavy: { replicasPerCell: 2 }`,
  check(ctx) {
    if (ctx.kind === 'ShardTemplate') {
      const pools = (ctx.object as ShardTemplate).spec?.pools ?? {};
      return Object.keys(pools).flatMap((name) =>
        judge(name, () => pointer('spec', 'pools', name)),
      );
    }
    return poolsOf(shardsOf(ctx)).flatMap(({ name, at }) => judge(name, at));
  },
};

function judge(name: string, path: () => string): Finding | [] {
  if (name.length <= LONGEST && NAME.test(name)) return [];
  const proposal = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST)
    .replaceAll(/^-+|-+$/g, '');
  return {
    path: path(),
    value: name,
    message: `${name} is no name for a pool`,
    allowed: `1 to ${LONGEST} lower-case letters, digits and hyphens, no hyphen at either end`,
    fix: `rename it, for example to ${proposal === '' ? 'main' : proposal}`,
  };
}
