import type { CellConfig, MultigresCluster } from '../../../schemas/types.ts';
import { claimsAt, countAndSize } from '../claims.ts';
import { liveOf, type Live } from '../live.ts';
import { clusterOf, pointer } from '../locate.ts';
import { nodesAt, placeText } from '../nodes.ts';
import { CLUSTER_UPDATES, type Finding, type Policy } from '../policy.ts';
import type { World } from '../world.ts';

export const zoneStays: Policy = {
  id: 'zone-stays',
  code: 'MG034',
  ...CLUSTER_UPDATES,
  mode: 'deny',
  summary: 'A cell that holds volumes stays in its zone.',
  description: `Volumes of most storage classes can be used in the zone only in which they were made. If
their cell moved, each pod that is replaced would stay Pending, and with enough of them the shard would
stop. For poolers in another zone add a cell of another name there and put it into the pools: its
poolers copy the data by themselves. The old cell stays, since the cells of a pool cannot be taken away.
If a cell has to move for good, whoever has the right can bypass this policy and then rebuild its poolers
one at a time, by deleting the pod together with its volume, never a second one before the Shard is
Healthy again. Another name for the same place is no move: if every Node of the old place is one of the
new place as well, the change goes through. Where the state of the cluster is not known, a cell does not
move.`,
  good: `cells:
  - { name: zone-a, zoneId: use1-az1 } # as before
  - { name: zone-b, zoneId: use1-az2 } # new`,
  bad: `cells:
  - { name: zone-a, zoneId: use1-az2 } # was use1-az1, with volumes of 2 poolers`,
  check(ctx) {
    const old = (ctx.old as MultigresCluster).spec?.cells ?? [];
    const live = liveOf(ctx);
    if (live.kind === 'untouched') return [];
    return (clusterOf(ctx).spec?.cells ?? []).flatMap((cell, index) => {
      const was = old.find(({ name }) => name === cell.name);
      if (!was || samePlace(ctx.world, was, cell)) return [];
      return judge(live, was, cell, index);
    });
  },
};

/** Named alike, or every Node of the old place is one of the new place too. */
function samePlace(world: World, was: CellConfig, now: CellConfig): boolean {
  if ((was.zoneId || '') === (now.zoneId || '') && (was.region || '') === (now.region || '')) {
    return true;
  }
  const before = nodesAt(world, was);
  const after = new Set(nodesAt(world, now));
  return before.length > 0 && before.every((node) => after.has(node));
}

function judge(
  live: Exclude<Live, { kind: 'untouched' }>,
  was: CellConfig,
  cell: CellConfig,
  index: number,
): Finding | [] {
  const field = cell.zoneId ? 'zoneId' : 'region';
  const [from, to] = [placeText(was), placeText(cell)];
  const finding = {
    path: pointer('spec', 'cells', index, field),
    value: cell[field],
    allowed: `${from}, as before`,
  };
  const back = `keep ${was.zoneId ?? was.region}`;
  if (live.kind === 'unknown') {
    return {
      ...finding,
      message: `cell ${cell.name} would move from ${from} to ${to}, and whether it holds volumes is not known: ${live.why}`,
      fix: `${back} until the controller works again`,
    };
  }
  const held = claimsAt(live.state.claims, { cell: cell.name }).filter(({ bound }) => bound);
  if (held.length === 0) return [];
  return {
    ...finding,
    message: `cell ${cell.name} holds ${countAndSize(held)} in ${from} that cannot follow it to ${to}: its pods would stay Pending`,
    fix: `${back}; for poolers in ${to} add a cell of another name there and put it into the pools, whose new poolers copy the data`,
  };
}
