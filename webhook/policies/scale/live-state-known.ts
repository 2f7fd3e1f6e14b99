import { ANNOTATIONS } from '../../../schemas/labels.ts';
import { deletesAny, removals, scaleDowns } from '../changes.ts';
import { LIVE_LIMIT_MS, liveOf } from '../live.ts';
import { clusterOf, locateInCell, pointer, shardViews } from '../locate.ts';
import type { Policy, PolicyContext } from '../policy.ts';
import type { Transition } from '../transition.ts';

export const liveStateKnown: Policy = {
  id: 'live-state-known',
  code: 'MG043',
  kinds: ['MultigresCluster'],
  operations: ['UPDATE', 'DELETE'],
  mode: 'deny',
  summary: 'What can destroy data or quorum is done only while the state of the cluster is known.',
  description: `Fewer poolers, the removal of a cell, table group, database or etcd, and a deletion that takes
volumes along are judged by what runs. If nothing has been heard of the controller for
${LIVE_LIMIT_MS / 1000} seconds, or Shards and volumes cannot be read, that is unknown, and such a change is
refused, also where a template brings it. Any other change goes through. A cluster that the controller has not begun with has nothing to
lose and is not held up. If it must be now, whoever has the right can bypass this policy.`,
  good: `# the controller runs
replicasPerCell: 3 # was 4`,
  bad: `# the controller has been down for five minutes
replicasPerCell: 3 # was 4`,
  check(ctx) {
    const live = liveOf(ctx);
    if (live.kind !== 'unknown') return [];
    return destructive(ctx).map(({ path, text }) => ({
      path,
      message: `${text}, and the state of the cluster is not known: ${live.why}`,
      allowed: 'changes that destroy neither data nor quorum',
      fix: `wait for the controller, or look why its Pod does not run; if it cannot wait, annotate what you change with ${ANNOTATIONS.bypassPolicies}: live-state-known and ${ANNOTATIONS.bypassReason}`,
    }));
  },
};

function destructive(ctx: PolicyContext): { path: string; text: string }[] {
  if (ctx.operation === 'DELETE') {
    const resolved = ctx.oldResolved();
    // A cluster whose templates are gone cannot tell: count it as one that deletes.
    const deletes = resolved ? shardViews(clusterOf(ctx), resolved).some(deletesAny) : true;
    return deletes ? [{ path: '', text: 'the deletion takes volumes along' }] : [];
  }
  const transition = ctx.transition();
  if (!transition) return [];
  return [
    ...scaleDowns(transition).map(({ path, text }) => ({ path, text })),
    ...removals(transition).map(({ path, title }) => ({ path, text: `${title} is left out` })),
    ...topologies(transition),
  ];
}

/** An etcd that goes takes the records of who leads, and under `whenDeleted: Delete` its volumes. */
function topologies({ now, before, after }: Transition): { path: string; text: string }[] {
  const global = before.globalTopo.kind === 'etcd' && after.globalTopo.kind !== 'etcd';
  const cells = before.cells.filter(({ name, localTopo }) => {
    const next = after.cells.find((cell) => cell.name === name);
    return localTopo?.etcd && next && !next.localTopo?.etcd;
  });
  return [
    ...(global
      ? [{ path: pointer('spec', 'globalTopoServer'), text: 'the global etcd is left out' }]
      : []),
    ...cells.map(({ name }) => ({
      path: locateInCell(now, name, 'localTopoServer'),
      text: `the etcd of cell ${name} is left out`,
    })),
  ];
}
