import { parseQuantity } from '../../../schemas/quantity.ts';
import type { Policy } from '../policy.ts';
import { volumesOf } from '../sizes.ts';
import { findNew } from '../stored.ts';

export const storageSizes: Policy = {
  id: 'storage-sizes',
  code: 'MG014',
  kinds: ['MultigresCluster'],
  operations: ['CREATE', 'UPDATE'],
  mode: 'deny',
  summary: 'Every storage size is a positive quantity.',
  description: `The schema takes any text that begins with a digit. What is no quantity would fail
later, when the volume is made. Sizes that come from templates count as well.`,
  good: `storage:
  size: 10Gi`,
  bad: `storage:
  size: 10GB`,
  check: (ctx) =>
    findNew(ctx, (cluster, resolved) =>
      volumesOf(cluster, resolved).flatMap(({ owner, storage, path }) => {
        if (storage.size === undefined) return [];
        const value = parseQuantity(storage.size);
        if (value !== undefined && value > 0n) return [];
        return [
          {
            path: path('size'),
            value: storage.size,
            message: `the size ${storage.size} for ${owner} is ${value === undefined ? 'no quantity' : 'not above 0'}`,
            allowed: 'a number above 0 with a unit such as Mi, Gi, Ti, M, G, T',
            fix: `write for example ${proposal(storage.size)}`,
          },
        ];
      }),
    ),
};

/** `10GB` and `10 gb` are meant as `10Gi`. */
function proposal(size: string): string {
  const match = /^(\d+(?:\.\d+)?)\s*([KMGTkmgt])/.exec(size);
  return match && Number(match[1]) > 0 ? `${match[1]}${match[2]?.toUpperCase()}i` : '10Gi';
}
