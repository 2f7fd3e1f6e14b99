import type {
  ResolvedCluster,
  ResolvedGlobalTopo,
  ResolvedLocalTopo,
} from '../../../schemas/resolve/types.ts';
import type { Backup, MultigresCluster } from '../../../schemas/types.ts';
import { deletesAny } from '../changes.ts';
import {
  clusterOf,
  locateInCell,
  locateInShard,
  pointer,
  shardViews,
  type ShardView,
} from '../locate.ts';
import { sameJson, type Finding, type Policy } from '../policy.ts';
import { locateBackup, volumesOf } from '../sizes.ts';

export const riskyChanges: Policy = {
  id: 'risky-changes',
  code: 'MG026',
  kinds: ['MultigresCluster'],
  operations: ['UPDATE'],
  mode: 'warn',
  summary: 'Changes that do less, or more, than they seem to are pointed out.',
  description: `Some fields can be changed without an error and yet have no effect on what exists, or
lose something: the superuser, initdbArgs, the class and access modes of volumes, the place of backups
and their encryption, another topology server or another path in it, and the removal of a table group. Each is a warning that says what happens.`,
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
    findings.push(
      ...topology(cluster, before, resolved),
      ...volumes(cluster, before, resolved, old),
    );
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

/** Where the records of the topology lie: another place has none of them. */
function topology(
  cluster: MultigresCluster,
  before: ResolvedCluster,
  resolved: ResolvedCluster,
): Finding[] {
  const findings: Finding[] = [];
  const was = before.globalTopo;
  if (!sameRecords(was, resolved.globalTopo)) {
    findings.push(
      risk(
        pointer('spec', 'globalTopoServer'),
        'the new topology server is empty: poolers register again, and leadership is decided anew',
        was.kind === resolved.globalTopo.kind ? topoText(was) : was.kind,
      ),
    );
  }
  for (const cell of resolved.cells) {
    const old = before.cells.find(({ name }) => name === cell.name);
    if (!old || sameRecords(old.localTopo, cell.localTopo)) continue;
    findings.push(
      risk(
        locateInCell(cluster, cell.name, 'localTopoServer'),
        `the new topology server of cell ${cell.name} is empty: its poolers and gateways register again`,
        topoText(old.localTopo),
      ),
    );
  }
  return findings;
}

type Topo = ResolvedGlobalTopo | ResolvedLocalTopo | undefined;

/** Servers that have an endpoint in common are taken for one. */
function sameRecords(was: Topo, now: Topo): boolean {
  if (!was || !now) return was === now;
  const [a, b] = [was as ResolvedLocalTopo, now as ResolvedLocalTopo];
  if (a.external && b.external) {
    const common = a.external.endpoints.some((one) => b.external?.endpoints.includes(one));
    return common && a.external.rootPath === b.external.rootPath;
  }
  return !a.external && !b.external && a.etcd?.rootPath === b.etcd?.rootPath;
}

function topoText(topo: Topo): string {
  if (!topo) return 'the global one';
  const { etcd, external } = topo as ResolvedLocalTopo;
  const rootPath = external?.rootPath ?? etcd?.rootPath ?? '';
  return `${external?.endpoints.join(', ') ?? 'etcd'} with rootPath ${rootPath}`;
}

/** Class and access modes of volumes that exist cannot change. */
function volumes(
  cluster: MultigresCluster,
  before: ResolvedCluster,
  resolved: ResolvedCluster,
  stored: MultigresCluster,
): Finding[] {
  const old = new Map(volumesOf(stored, before).map((volume) => [volume.owner, volume.storage]));
  return volumesOf(cluster, resolved).flatMap(({ owner, kind, storage, path }) =>
    (['class', 'accessModes'] as const).flatMap((field) => {
      const was = old.get(owner);
      // Another class for backups is another place for them: see shard.
      if (!was || (kind === 'backup' && field === 'class')) return [];
      if (sameJson(was[field], storage[field])) return [];
      const text = `the volumes of ${owner} keep their ${field}; new ones differ`;
      return [risk(path(field), text, undefined)];
    }),
  );
}

function shard(cluster: MultigresCluster, old: ShardView, now: ShardView): Finding[] {
  const findings: Finding[] = [];
  const at = (...field: string[]): string => locateInShard(cluster, now, ...field);
  if (old.shard.initdbArgs !== now.shard.initdbArgs) {
    const text = `initdbArgs of ${now.title} count for new data directories only`;
    findings.push(risk(at('initdbArgs'), text, old.shard.initdbArgs ?? 'it unset'));
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
