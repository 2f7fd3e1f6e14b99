import { poolsOf, shardsOf } from '../locate.ts';
import { CLUSTER_WRITES, type Finding, type Policy } from '../policy.ts';
import { nearest } from '../../../schemas/spelling.ts';
import { oneOf } from '../words.ts';

export const cellsKnown: Policy = {
  id: 'cells-known',
  code: 'MG010',
  ...CLUSTER_WRITES,
  mode: 'deny',
  summary: 'Shards run in cells that the cluster has, and in at least one.',
  description: `The cells of pools and of multiorch are names from \`spec.cells\`. A cluster without
cells has no place for its shards. Lists that come from a ShardTemplate count as well: a template
with cells fits only clusters that have them.`,
  good: `spec:
  cells:
    - { name: zone-a, zoneId: use1-az1 }
  databases:
    - name: postgres
      default: true
      tablegroups:
        - name: default
          default: true
          shards:
            - name: 0-inf
              spec:
                pools:
                  main: { cells: [zone-a] }`,
  bad: `spec:
  cells:
    - { name: zone-a, zoneId: use1-az1 }
  # ... in the shard:
  #   pools:
  #     main: { cells: [zone-b] }`,
  check(ctx) {
    const resolved = ctx.resolved();
    if (!resolved) return [];
    const known = resolved.cells.map((cell) => cell.name);
    if (known.length === 0) {
      return {
        path: '/spec/cells',
        message: 'the cluster has no cell, so its shards match no place to run',
        allowed: 'between 1 and 50 cells',
        fix: 'add a cell with a name and a zoneId or region',
      };
    }
    const views = shardsOf(ctx);
    return [
      ...views.flatMap(({ shard, title, at }) =>
        unknown(
          known,
          shard.multiorch.cells,
          () => at('multiorch', 'cells'),
          `multiorch of ${title}`,
        ),
      ),
      ...poolsOf(views).flatMap(({ owner, pool, at }) =>
        unknown(known, pool.cells, () => at('cells'), owner),
      ),
    ];
  },
};

function unknown(known: string[], cells: string[], path: () => string, owner: string): Finding[] {
  return cells
    .filter((cell) => !known.includes(cell))
    .map((cell) => {
      const near = nearest(cell, known);
      return {
        path: path(),
        value: cell,
        message: `${owner} names cell ${cell}, which the cluster does not have`,
        allowed: oneOf(known),
        fix: near ? `write ${near}` : `add cell ${cell} to spec.cells, or take it out here`,
      };
    });
}
