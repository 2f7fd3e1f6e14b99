import { ANNOTATIONS } from '../../../schemas/labels.ts';
import { removals, scaleDowns } from '../changes.ts';
import { LIVE_LIMIT_MS, liveOf } from '../live.ts';
import { clusterOf, locateInCell, pointer, shardViews, valueAtPointer } from '../locate.ts';
import type { Policy, PolicyContext, Transition } from '../policy.ts';
import { deletesAny } from '../claims.ts';
import { isEtcd, topologyMoves, topologyText } from '../topology.ts';

export const liveStateKnown: Policy = {
  id: 'live-state-known',
  code: 'MG043',
  kinds: ['MultigresCluster'],
  operations: ['UPDATE', 'DELETE'],
  mode: 'deny',
  summary: 'What can destroy data or quorum is done only while the state of the cluster is known.',
  description: `Fewer poolers, the removal of a cell, table group, database or etcd, another place of the topology,
and a deletion that takes volumes along are judged by what runs. If nothing has been heard of the controller for
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
    return dangers(ctx).map(({ path, value, text, keep }) => ({
      path,
      value,
      message: `${text}, and the state of the cluster is not known: ${live.why}`,
      allowed: `${keep}, until the state is known`,
      fix: `wait for the controller, or look why its Pod does not run; if it cannot wait, annotate what you change with ${ANNOTATIONS.bypassPolicies}: live-state-known and ${ANNOTATIONS.bypassReason}`,
    }));
  },
};

/** What could destroy data or quorum. */
interface Danger {
  path: string;
  value?: unknown;
  text: string;
  /** What to write, or do, so that nothing is in danger. */
  keep: string;
}

function dangers(ctx: PolicyContext): Danger[] {
  if (ctx.operation === 'DELETE') {
    const resolved = ctx.oldResolved();
    // A cluster whose templates are gone cannot tell: count it as one that deletes.
    const deletes = resolved ? shardViews(clusterOf(ctx), resolved).some(deletesAny) : true;
    const keep = 'no deletion but of clusters that keep their volumes (whenDeleted: Retain)';
    return deletes ? [{ path: '', text: 'the deletion takes volumes along', keep }] : [];
  }
  const transition = ctx.transition();
  if (!transition) return [];
  return [
    ...scaleDowns(transition).map(({ path, value, text, keep }) => ({
      path,
      value,
      text,
      keep: `${keep}, as it was, or more`,
    })),
    ...removals(transition).map(({ path, title }) => ({
      path,
      text: `${title} is left out`,
      keep: `${title} as it was`,
    })),
    ...topologies(transition),
  ];
}

/** Another place has no records of who leads, and an etcd that is left may lose its volumes. */
function topologies(transition: Transition): Danger[] {
  return topologyMoves(transition).map(({ cell, was, now }) => {
    const place = cell === undefined ? '' : ` of cell ${cell}`;
    const path =
      cell === undefined
        ? pointer('spec', 'globalTopoServer')
        : locateInCell(transition.now, cell, 'localTopoServer');
    return {
      path,
      value: valueAtPointer(transition.now, path),
      text:
        isEtcd(was) && !isEtcd(now)
          ? `the ${cell === undefined ? 'global etcd' : `etcd${place}`} is left out`
          : `the topology${place} moves from ${topologyText(was)} to ${topologyText(now)}`,
      keep: `${topologyText(was)}, as it was`,
    };
  });
}
