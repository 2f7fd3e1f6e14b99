import type { Backup, MultigresCluster } from '../../../schemas/types.ts';
import { removedShards } from '../changes.ts';
import {
  clusterOf,
  locateInCell,
  paired,
  pointer,
  shardsOf,
  storedShardsOf,
  valueAtPointer,
  type ShardView,
} from '../locate.ts';
import { CLUSTER_UPDATES, type Finding, type Policy, type Transition } from '../policy.ts';
import type { World } from '../world.ts';
import { sameJson } from '../../../schemas/canonical.ts';
import { deletesAny } from '../claims.ts';
import { locateBackup, volumesOf } from '../sizes.ts';
import { etcdsOf, isEtcd, topologyMoves, topologyText } from '../topology.ts';

export const riskyChanges: Policy = {
  id: 'risky-changes',
  code: 'MG026',
  ...CLUSTER_UPDATES,
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
    const cluster = clusterOf(ctx);
    const old = ctx.old as MultigresCluster;
    const [after, before] = [ctx.resolved(), ctx.oldResolved()];
    if (!after || !before) return [];
    const transition = { old, now: cluster, before, after };
    const risks = [
      ...superuser(transition),
      ...topology(transition, ctx.world),
      ...volumes(transition),
      ...paired(storedShardsOf(ctx), shardsOf(ctx)).flatMap(([was, now]) =>
        now ? shard(cluster, was, now) : [],
      ),
    ];
    return [
      ...risks.map((one) => risk(cluster, one)),
      ...removedShards(transition).map(({ path, view }) => removal(view, path)),
    ];
  },
};

function removal(view: ShardView, path: string): Finding {
  const { title } = view;
  const deletes = deletesAny(view);
  return {
    path,
    message: deletes
      ? `shard ${title} and its data go away`
      : `shard ${title} goes away; its volumes stay, and are found when it is added again`,
    allowed: `shard ${title} as it was`,
    fix: 'write it again unless that is meant',
    brief: deletes
      ? `shard ${title} and its data go away: write it again to keep it`
      : `shard ${title} goes away, its volumes stay: write it again to keep it`,
  };
}

interface Risk {
  path: string;
  /** What stands there if a template says it. */
  value?: unknown;
  /** What follows, in one sentence. */
  what: string;
  /** What changes nothing. */
  allowed: string;
  fix?: string;
  /** Whose, what and what to do, for a terminal. */
  brief: string;
}

function risk(
  cluster: MultigresCluster,
  { path, value, what, allowed, fix, brief }: Risk,
): Finding {
  return {
    path,
    value: valueAtPointer(cluster, path) ?? value,
    message: what,
    allowed,
    fix: fix ?? `keep ${allowed} unless that is meant`,
    brief,
  };
}

function superuser({ before, after }: Transition): Risk[] {
  if (after.postgresSuperuser === before.postgresSuperuser) return [];
  return [
    {
      path: pointer('spec', 'postgresSuperuser'),
      what: 'the superuser was made when the data directories were; no role is renamed',
      allowed: before.postgresSuperuser,
      brief: `changing postgresSuperuser renames no role: keep ${before.postgresSuperuser}`,
    },
  ];
}

/** Where the records of the topology lie: another place has none of them, or those of another time. */
function topology(transition: Transition, { claims = [] }: World): Risk[] {
  const { now: cluster, after } = transition;
  return topologyMoves(transition).map(({ cell, was, now }) => {
    const etcd = etcdsOf(cluster, after).find((one) => one.cell === cell);
    const left = isEtcd(now) && !isEtcd(was) ? (etcd?.claims(claims) ?? []) : [];
    const isGlobal = cell === undefined;
    const whose = isGlobal ? '' : ` of cell ${cell}`;
    const server =
      left.length > 0
        ? `the etcd${whose} that was left is used again, with the records of that time`
        : `the new topology server${whose} has none of the records that there are`;
    return {
      path: isGlobal
        ? pointer('spec', 'globalTopoServer')
        : locateInCell(cluster, cell, 'localTopoServer'),
      what: isGlobal
        ? `${server}: poolers register again, and leadership is decided anew`
        : `${server}: its poolers and gateways register again`,
      allowed: topologyText(was),
      brief: `${isGlobal ? '' : `cell ${cell}: `}the new topology server has ${
        left.length > 0 ? 'old' : 'no'
      } records, ${isGlobal ? 'leaders are elected anew' : 'poolers register again'}: keep the old one`,
    };
  });
}

/** Class and access modes of volumes that exist cannot change. */
function volumes({ old: stored, now, before, after }: Transition): Risk[] {
  const old = new Map(volumesOf(stored, before).map((volume) => [volume.owner, volume.storage]));
  return volumesOf(now, after).flatMap(({ owner, kind, storage, path }) =>
    (['class', 'accessModes'] as const).flatMap((field) => {
      const was = old.get(owner);
      // Another class for backups is another place for them: see shard.
      if (!was || (kind === 'backup' && field === 'class')) return [];
      if (sameJson(was[field], storage[field])) return [];
      return {
        path: path(field),
        value: storage[field],
        what: `the volumes of ${owner} keep their ${field}; new ones differ`,
        allowed: `${valueText(field, was[field])}, as before`,
        fix: `keep that unless new volumes shall differ from the others`,
        brief: `${owner}: ${field} changes for new volumes only, keep it`,
      };
    }),
  );
}

function valueText(field: string, value: string | readonly string[] | undefined): string {
  if (value === undefined) return `${field} unset`;
  return typeof value === 'string' ? value : `[${value.join(', ')}]`;
}

function shard(cluster: MultigresCluster, old: ShardView, now: ShardView): Risk[] {
  const risks: Risk[] = [];
  const { title } = now;
  if (old.shard.initdbArgs !== now.shard.initdbArgs) {
    risks.push({
      path: now.at('initdbArgs'),
      what: `initdbArgs of ${title} count for new data directories only`,
      allowed: old.shard.initdbArgs ?? 'no initdbArgs, as before',
      fix: 'keep them as they were unless that is meant',
      brief: `initdbArgs of ${title} count for new data directories only: keep them`,
    });
  }
  if (!sameJson(placeOf(old.shard.backup), placeOf(now.shard.backup))) {
    risks.push({
      path: locateBackup(cluster, now.path, ['type']),
      what: `backups of ${title} go to another place; those made so far are not found any more`,
      allowed: placeText(old.shard.backup),
      fix: 'keep that place, or make a complete backup at the new one at once: until then there is none',
      brief: `old backups of ${title} are not found in the new place: make one at once`,
    });
  }
  if (!sameJson(old.shard.backup.encryption, now.shard.backup.encryption)) {
    risks.push({
      path: locateBackup(cluster, now.path, ['encryption']),
      what: `backups of ${title} made so far cannot be read with another encryption`,
      allowed: 'the encryption that they were made with',
      fix: 'keep it, or make a complete backup at once: until then none can be restored',
      brief: `no backup of ${title} can be read with another encryption: make one at once`,
    });
  }
  return risks;
}

function placeOf({ type, s3, filesystem }: Backup): unknown {
  return type === 's3'
    ? [s3?.bucket, s3?.region, s3?.endpoint ?? '', s3?.keyPrefix ?? '']
    : [filesystem?.path, filesystem?.storage?.class ?? ''];
}

/** `s3 bucket b, region r, keyPrefix x`; endpoints are not shown. */
function placeText({ type, s3, filesystem }: Backup): string {
  if (type === 's3') {
    const prefix = s3?.keyPrefix ? `, keyPrefix ${s3.keyPrefix}` : '';
    return `s3 with bucket ${s3?.bucket ?? '?'}, region ${s3?.region ?? '?'}${prefix}`;
  }
  const name = filesystem?.storage?.class;
  return `filesystem with path ${filesystem?.path ?? '?'}${name ? `, class ${name}` : ''}`;
}
