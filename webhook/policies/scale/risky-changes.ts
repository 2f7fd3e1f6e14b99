import type { Backup, MultigresCluster } from '../../../schemas/types.ts';
import { deletesAny } from '../changes.ts';
import { clusterOf, locateInShard, pointer, shardViews, type ShardView } from '../locate.ts';
import { sameJson, type Finding, type Policy } from '../policy.ts';
import { locateBackup } from '../sizes.ts';
import { own } from '../../../schemas/own.ts';

export const riskyChanges: Policy = {
  id: 'risky-changes',
  code: 'MG026',
  kinds: ['MultigresCluster'],
  operations: ['UPDATE'],
  mode: 'warn',
  summary: 'Changes that do less, or more, than they seem to are pointed out.',
  description: `Some fields can be changed without an error and yet have no effect on what exists, or
lose something: the superuser, initdbArgs, the class and access modes of volumes, the place of backups
and their encryption, a switch between own and external topology, and the removal of a table group. Each is a warning that says what happens.`,
  good: `spec:
  postgresSuperuser: postgres # as before`,
  bad: `spec:
  postgresSuperuser: admin # was postgres`,
  check(ctx) {
    const [cluster, old] = [clusterOf(ctx), ctx.old as MultigresCluster];
    const [resolved, before] = [ctx.resolved(), ctx.oldResolved()];
    const findings: Finding[] = [];
    if (!resolved || !before) return findings;
    if (resolved.postgresSuperuser !== before.postgresSuperuser) {
      findings.push(
        risk(
          pointer('spec', 'postgresSuperuser'),
          'the superuser was made when the data directories were; no role is renamed',
          before.postgresSuperuser,
        ),
      );
    }
    if (resolved.globalTopo.kind !== before.globalTopo.kind) {
      findings.push(
        risk(
          pointer('spec', 'globalTopoServer'),
          'the new topology server is empty: poolers register again, and leadership is decided anew',
          before.globalTopo.kind,
        ),
      );
    }
    const now = new Map(shardViews(cluster, resolved).map((view) => [view.title, view]));
    for (const view of shardViews(old, before)) {
      const next = now.get(view.title);
      if (next) findings.push(...shard(cluster, view, next));
      else {
        const what = deletesAny(view)
          ? `shard ${view.title} and its data go away`
          : `shard ${view.title} goes away; its volumes stay, and are found when it is added again`;
        findings.push(risk('/spec/databases', what, 'it'));
      }
    }
    return findings;
  },
};

function risk(path: string, message: string, keep: string | undefined): Finding {
  const fix =
    keep === undefined ? 'go on only if that is meant' : `keep ${keep} unless that is meant`;
  return { path, message, allowed: 'any value, if you know what follows', fix };
}

function shard(cluster: MultigresCluster, old: ShardView, now: ShardView): Finding[] {
  const findings: Finding[] = [];
  const at = (...field: string[]): string => locateInShard(cluster, now, ...field);
  if (old.shard.initdbArgs !== now.shard.initdbArgs) {
    const text = `initdbArgs of ${now.title} count for new data directories only`;
    findings.push(risk(at('initdbArgs'), text, old.shard.initdbArgs ?? 'it unset'));
  }
  for (const [name, pool] of Object.entries(now.shard.pools)) {
    const was = own(old.shard.pools, name)?.storage;
    if (!was) continue;
    for (const field of ['class', 'accessModes'] as const) {
      if (sameJson(was[field], pool.storage[field])) continue;
      const text = `the volumes of pool ${name} of ${now.title} keep their ${field}; new ones differ`;
      findings.push(risk(at('pools', name, 'storage', field), text, undefined));
    }
  }
  if (!sameJson(placeOf(old.shard.backup), placeOf(now.shard.backup))) {
    const text = `backups of ${now.title} go to another place; those made so far are not found any more`;
    findings.push(risk(locateBackup(cluster, now.path, ['type']), text, undefined));
  }
  if (!sameJson(old.shard.backup.encryption, now.shard.backup.encryption)) {
    const text = `backups of ${now.title} made so far cannot be read with another encryption`;
    findings.push(risk(locateBackup(cluster, now.path, ['encryption']), text, undefined));
  }
  return findings;
}

function placeOf({ type, s3, filesystem }: Backup): unknown {
  return type === 's3'
    ? [s3?.bucket, s3?.region, s3?.endpoint ?? '', s3?.keyPrefix ?? '']
    : [filesystem?.path, filesystem?.storage?.class ?? ''];
}
