import { compareQuantity } from '../../../schemas/quantity.ts';
import { knownLive } from '../live.ts';
import { clusterOf } from '../locate.ts';
import { CLUSTER_WRITES, type Finding, type Policy, type PolicyContext } from '../policy.ts';
import { volumesOf, type Volume } from '../sizes.ts';
import type { WorldClaim } from '../world.ts';

export const storageNotShrunk: Policy = {
  id: 'storage-not-shrunk',
  code: 'MG015',
  ...CLUSTER_WRITES,
  mode: 'deny',
  summary: 'Storage sizes grow but never shrink, except back after an expansion that failed.',
  description: `Kubernetes can enlarge a volume, not shrink it. A smaller size in the manifest would
describe something that never happens, so it is refused, for Postgres, etcd and backups alike. Sizes
are compared by value: \`1Gi\` equals \`1024Mi\`. What templates bring counts as well. One way back is
open: when the expansion of a volume failed for good, the size may be lowered again, but to no less
than any of the volumes has by now. What comes back and finds larger volumes of an earlier time (a cluster,
a table group, an etcd, backups on a file system) takes them as they are, which is a warning.`,
  good: `storage:
  size: 20Gi # was 10Gi`,
  bad: `storage:
  size: 5Gi # was 10Gi`,
  check(ctx) {
    const transition = ctx.transition();
    if (!transition) return ctx.old ? [] : ofNew(ctx);
    const { old, now, before, after } = transition;
    const sizes = new Map(volumesOf(old, before).map((v) => [v.owner, v.storage.size]));
    const claims = knownLive(ctx)?.claims ?? [];
    return volumesOf(now, after).flatMap((volume) => {
      const was = sizes.get(volume.owner);
      return was === undefined ? found(volume, claims) : judge(volume, was, claims);
    });
  },
};

function ofNew(ctx: PolicyContext): Finding[] {
  const [resolved, claims] = [ctx.resolved(), ctx.world.claims ?? []];
  if (!resolved || claims.length === 0) return [];
  return volumesOf(clusterOf(ctx), resolved).flatMap((volume) => found(volume, claims));
}

/** Volumes of an earlier time are taken as they are. */
function found({ owner, storage, path, claims }: Volume, all: readonly WorldClaim[]): Finding | [] {
  if (all.length === 0 || storage.size === undefined) return [];
  const largest = largestOf(claims(all));
  if (largest === undefined || compareQuantity(storage.size, largest) !== -1) return [];
  return {
    path: path('size'),
    value: storage.size,
    message: `a volume for ${owner} is there from before, has ${largest} and stays so large: it cannot shrink to ${storage.size}`,
    allowed: `${largest} or more`,
    fix: `write ${largest}, or delete that volume first if nobody needs its data`,
    brief: `${owner}: write ${largest}, a volume there cannot shrink`,
    mode: 'warn',
  };
}

function judge(volume: Volume, old: string, all: readonly WorldClaim[]): Finding | [] {
  const { owner, storage, path } = volume;
  if (storage.size === undefined) return [];
  if (compareQuantity(storage.size, old) !== -1) return [];
  const at = { path: path('size'), value: storage.size };
  const claims = volume.claims(all);
  if (!claims.some(({ resizeFailed }) => resizeFailed === true)) {
    return {
      ...at,
      message: `the volume for ${owner} has ${old} and cannot shrink to ${storage.size}`,
      allowed: `${old} or more`,
      fix: `keep ${old}`,
    };
  }
  const largest = largestOf(claims);
  if (largest === undefined || compareQuantity(storage.size, largest) !== -1) return [];
  return {
    ...at,
    message: `the expansion for ${owner} to ${old} failed, but a volume has ${largest} already and cannot shrink to ${storage.size}`,
    allowed: `${largest} or more`,
    fix: `write ${largest}`,
  };
}

/** The largest capacity that one of the volumes has. */
function largestOf(claims: readonly WorldClaim[]): string | undefined {
  return claims
    .map(({ capacity }) => capacity)
    .reduce(
      (most, capacity) =>
        most === undefined || (capacity !== undefined && compareQuantity(capacity, most) === 1)
          ? capacity
          : most,
      undefined,
    );
}
