import { compareQuantity } from '../../../schemas/quantity.ts';
import { knownLive } from '../live.ts';
import { CLUSTER_UPDATES, type Finding, type Policy } from '../policy.ts';
import { volumesOf, type Volume } from '../sizes.ts';
import { oneOf } from '../words.ts';
import type { WorldClaim, WorldStorageClass } from '../world.ts';

export const storageCanGrow: Policy = {
  id: 'storage-can-grow',
  code: 'MG046',
  ...CLUSTER_UPDATES,
  mode: 'deny',
  summary: 'A size grows only where the StorageClass can expand its volumes.',
  description: `A volume grows only if its StorageClass has \`allowVolumeExpansion: true\`. Without it the
API server refuses the larger claim, and the cluster could not be brought to what it says. What counts is
the class of the volumes that exist; where there are none yet, they are made with the new size. Classes
that cannot be read are not judged. Postgres, etcd and backups are alike.`,
  good: `# StorageClass fast has allowVolumeExpansion: true
storage: { size: 20Gi, class: fast } # was 10Gi`,
  bad: `# StorageClass plain has no allowVolumeExpansion
storage: { size: 20Gi, class: plain } # was 10Gi`,
  check(ctx) {
    const [transition, live] = [ctx.transition(), knownLive(ctx)];
    const { storageClasses } = ctx.world;
    if (!transition || !live || !storageClasses) return [];
    const { old, now, before, after } = transition;
    const sizes = new Map(volumesOf(old, before).map((v) => [v.owner, v.storage.size]));
    return volumesOf(now, after).flatMap((volume) => {
      const was = sizes.get(volume.owner);
      const { size } = volume.storage;
      if (was === undefined || size === undefined || compareQuantity(size, was) !== 1) return [];
      return judge(volume, was, volume.claims(live.claims), storageClasses);
    });
  },
};

function judge(
  { owner, storage, path }: Volume,
  was: string,
  claims: readonly WorldClaim[],
  classes: readonly WorldStorageClass[],
): Finding | [] {
  const rigid = new Set(
    claims
      .filter(({ requested }) => compareQuantity(requested ?? was, storage.size ?? was) === -1)
      .map(({ storageClass }) => storageClass ?? '')
      .filter((name) => classes.some((one) => one.name === name && one.expandable === false)),
  );
  if (rigid.size === 0) return [];
  const names = [...rigid].toSorted().join(', ');
  const able = classes.filter(({ expandable }) => expandable === true).map(({ name }) => name);
  return {
    path: path('size'),
    value: storage.size,
    message: `the volumes for ${owner} are of StorageClass ${names}, which cannot expand them from ${was} to ${storage.size}`,
    allowed: `${was}, or a class with allowVolumeExpansion: true${able.length > 0 ? ` (${oneOf(able)})` : ''}`,
    fix: `keep ${was}, or set allowVolumeExpansion: true on StorageClass ${names} if its driver can expand volumes`,
  };
}
