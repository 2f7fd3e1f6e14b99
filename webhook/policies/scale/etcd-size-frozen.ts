import { LABELS } from '../../../schemas/labels.ts';
import type { MultigresCluster } from '../../../schemas/types.ts';
import { clusterOf } from '../locate.ts';
import { CLUSTER_WRITES, type Finding, type Policy, type PolicyContext } from '../policy.ts';
import { etcdsOf, type EtcdView } from '../topology.ts';
import { count } from '../words.ts';
import type { WorldClaim } from '../world.ts';

export const etcdSizeFrozen: Policy = {
  id: 'etcd-size-frozen',
  code: 'MG024',
  ...CLUSTER_WRITES,
  mode: 'deny',
  summary: 'The number of etcd members does not change.',
  description: `An etcd cluster is formed once with a fixed list of members. Adding or removing Pods
does not add or remove members, so a change would leave it without quorum; the operator does not do the
steps that it would take. Leaving the field out means 3. Compared is what templates and defaults give
before and after, for the global etcd and for those of cells. Where there was none before, the volumes
count: an etcd that was left for a topology server of others, or kept when its cluster was deleted, is
formed already. A new cluster over such volumes is warned about, since they may be on their way out.`,
  good: `globalTopoServer:
  etcd: { replicas: 3 } # as before`,
  bad: `globalTopoServer:
  etcd: { replicas: 5 } # was 3`,
  check(ctx) {
    const [resolved, before] = [ctx.resolved(), ctx.oldResolved()];
    if (!resolved || (ctx.old && !before)) return [];
    const stored = before ? etcdsOf(ctx.old as MultigresCluster, before) : [];
    const was = new Map(stored.map(({ owner, etcd }) => [owner, etcd.replicas]));
    return etcdsOf(clusterOf(ctx), resolved).flatMap((etcd) => {
      const old = was.get(etcd.owner);
      // Old knowledge will do: a volume that was there is the more likely to be there still.
      const claims = old === undefined ? etcd.claims(ctx.world.claims ?? []) : [];
      return judge(ctx, etcd, { old, claims });
    });
  },
};

interface Before {
  /** Members before; undefined if there was no such etcd. */
  old: number | undefined;
  /** Volumes of an etcd that is not in the stored spec. */
  claims: readonly WorldClaim[];
}

function judge(ctx: PolicyContext, etcd: EtcdView, { old, claims }: Before): Finding | [] {
  const { owner } = etcd;
  const now = etcd.etcd.replicas;
  const formed = old ?? claims.length;
  if (formed === 0 || formed === now) return [];
  const at = { path: etcd.at('replicas'), value: now };
  if (old !== undefined) {
    return {
      ...at,
      message: `${owner} has ${old} members and cannot have ${now}: the operator does not change the number of members that run`,
      allowed: String(old),
      fix: `keep ${old}`,
    };
  }
  const server = claims[0]?.labels[LABELS.toposerver] ?? '';
  const isNew = ctx.operation === 'CREATE';
  return {
    ...at,
    message: `${owner} was formed with ${count(formed, 'member')}, whose volumes exist, and cannot have ${now}`,
    allowed: String(formed),
    fix: isNew
      ? `write ${formed}, or delete those volumes first: kubectl delete pvc -n ${ctx.namespace} -l ${LABELS.toposerver}=${server}`
      : `write ${formed}`,
    brief: `${owner} finds ${count(formed, 'volume')} of before and does not start with ${now}: write ${formed}`,
    ...(isNew ? { mode: 'warn' } : {}),
  };
}
