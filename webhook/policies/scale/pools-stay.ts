import { LABELS } from '../../../schemas/labels.ts';
import { claimsAt, countAndSize, placeOf } from '../claims.ts';
import { liveOf } from '../live.ts';
import { paired, shardsOf, storedShardsOf, type ShardView } from '../locate.ts';
import type { Templates } from '../../../schemas/resolve/types.ts';
import { CLUSTER_UPDATES, type Finding, type Policy } from '../policy.ts';
import { oldTemplatesOf, type WorldClaim } from '../world.ts';
import { own } from '../../../schemas/own.ts';
import { count, listed } from '../words.ts';

export const poolsStay: Policy = {
  id: 'pools-stay',
  code: 'MG012',
  ...CLUSTER_UPDATES,
  mode: 'deny',
  summary: 'Pools, and the cells of a pool, are added but never taken away.',
  description: `The poolers of a pool hold copies of the data and are members of the quorum. Taking a
pool or one of its cells away would remove them all at once. The schema refuses this where the pools
are written in the cluster; this policy also looks at what templates bring, so that a change of
template, or an edit of one, does not do it unseen. The operator keeps a pool that runs in any case, but
then nothing says any more what it is. That is the way of the pool \`default\` of a shard without pools, too:
a pool of another name is one more, which is a warning. Removing a whole table group is possible.`,
  good: `pools:
  main: { cells: [zone-a, zone-b] } # was [zone-a]`,
  bad: `pools:
  main: { cells: [zone-a] } # was [zone-a, zone-b]`,
  check(ctx) {
    const live = liveOf(ctx);
    const claims = live.kind === 'known' ? live.state.claims : [];
    return paired(storedShardsOf(ctx), shardsOf(ctx)).flatMap(([old, view]) => {
      if (!view) return [];
      const written = namesIn(view, ctx.world.templates);
      const had = namesIn(old, oldTemplatesOf(ctx.world));
      const left = had.filter((name) => !written.includes(name));
      const unborn = had.length === 0 && live.kind !== 'unknown';
      return [
        ...judge({ old, view, claims, left, unborn }),
        ...(had.length === 0 && written.length > 0 ? beside(old, view, written) : []),
      ];
    });
  },
};

interface Step {
  old: ShardView;
  view: ShardView;
  claims: readonly WorldClaim[];
  /** Pools that somebody wrote before and nobody writes now; one that runs is kept nevertheless. */
  left: readonly string[];
  /** Nobody wrote a pool, and those that run are all in the view: others have never been made. */
  unborn: boolean;
}

/** A pool that nobody wrote goes on beside those that are written now, and cannot be taken away. */
function beside(old: ShardView, view: ShardView, written: readonly string[]): Finding[] {
  return Object.entries(old.shard.pools)
    .filter(([name]) => !written.includes(name) && own(view.shard.pools, name) !== undefined)
    .map(([name, { cells, replicasPerCell }]) => {
      const runs = count(cells.length * replicasPerCell, 'pooler');
      const others = listed(written, 'and');
      return {
        path: view.at('pools'),
        message: `pool ${name} of ${view.title}, which nobody wrote, runs with ${runs} and stays beside ${others}; no pool can be taken away later`,
        allowed: `pool ${name}, or further pools beside it`,
        fix: `write ${name} in place of ${others} to change the pool that runs; go on only if both are meant`,
        brief: `pool ${name} of ${view.title} stays beside ${others}, for good: write ${name} to change it`,
        mode: 'warn',
      };
    });
}

/** The pools that stand somewhere: in the shard or in its template. */
function namesIn({ raw, shard }: ShardView, templates: Templates | undefined): string[] {
  const template = shard.template ? own(templates?.shard, shard.template) : undefined;
  const layers = [template?.spec, raw?.overrides, raw?.spec];
  return layers.flatMap((layer) => Object.keys(layer?.pools ?? {}));
}

function judge({ old, view, claims, left, unborn }: Step): Finding[] {
  const findings: Finding[] = [];
  for (const [name, oldPool] of Object.entries(old.shard.pools)) {
    const pool = left.includes(name) ? undefined : own(view.shard.pools, name);
    const lost = pool ? oldPool.cells.filter((cell) => !pool.cells.includes(cell)) : [];
    if (pool && lost.length === 0) continue;
    const held = claimsAt(claims, { ...placeOf(view), pool: name }).filter(
      ({ labels }) => !pool || lost.includes(labels[LABELS.cell] ?? ''),
    );
    if (!pool && unborn && held.length === 0) continue;
    const data = held.length > 0 ? `, where ${countAndSize(held)} hold its data` : '';
    findings.push({
      path: view.at('pools', ...(pool ? [name, 'cells'] : [])),
      message: pool
        ? `pool ${name} of ${view.title} would lose cell ${lost.join(', ')}${data}`
        : `pool ${name} of ${view.title} would go away${data}`,
      allowed: pool ? 'the cells it has, and more' : 'the pools it has, and more',
      fix: pool
        ? `keep ${oldPool.cells.join(', ')} in the list`
        : `keep pool ${name}, inline or in the template`,
    });
  }
  return findings;
}
