import { parseQuantity } from '../../../schemas/quantity.ts';
import { pointer } from '../locate.ts';
import type { Finding, Policy } from '../policy.ts';
import { volumesOf } from '../sizes.ts';
import { findNew, findNewIn } from '../stored.ts';
import { templateParts } from '../template-parts.ts';

export const storageSizes: Policy = {
  id: 'storage-sizes',
  code: 'MG014',
  kinds: ['MultigresCluster', 'CoreTemplate', 'CellTemplate', 'ShardTemplate'],
  operations: ['CREATE', 'UPDATE'],
  mode: 'deny',
  summary: 'Every storage size is a positive quantity.',
  description: `The schema takes any text that begins with a digit. What is no quantity would fail
later, when the volume is made. Sizes that come from templates count as well, and
those in a template are judged when it is written, whether or not a cluster uses it.`,
  good: `storage:
  size: 10Gi`,
  bad: `storage:
  size: 10GB`,
  check(ctx) {
    if (ctx.kind !== 'MultigresCluster') {
      return findNewIn(ctx, (template) =>
        templateParts(ctx.kind, template).flatMap(({ owner, path, storage }) =>
          judge(storage?.size, owner, () => pointer(...path, 'storage', 'size')),
        ),
      );
    }
    return findNew(ctx, (cluster, resolved) =>
      volumesOf(cluster, resolved).flatMap(({ owner, storage, path }) =>
        judge(storage.size, owner, () => path('size')),
      ),
    );
  },
};

function judge(size: string | undefined, owner: string, path: () => string): Finding | [] {
  if (size === undefined) return [];
  const value = parseQuantity(size);
  if (value !== undefined && value > 0n) return [];
  const wrong = value === undefined ? 'no quantity' : 'not above 0';
  return {
    path: path(),
    value: size,
    message: `the size ${size} for ${owner} is ${wrong}`,
    brief: `size ${size} for ${owner} is ${wrong}: write ${proposal(size)}`,
    allowed: 'a number above 0 with a unit such as Mi, Gi, Ti, M, G, T',
    fix: `write for example ${proposal(size)}`,
  };
}

/** `10GB` and `10 gb` are meant as `10Gi`. */
function proposal(size: string): string {
  const match = /^(\d+(?:\.\d+)?)\s*([KMGTkmgt])/.exec(size);
  return match && Number(match[1]) > 0 ? `${match[1]}${match[2]?.toUpperCase()}i` : '10Gi';
}
