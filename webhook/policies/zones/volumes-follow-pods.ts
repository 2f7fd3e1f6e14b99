import { clusterOf } from '../locate.ts';
import { nodesAt, placeText, zoneOf } from '../nodes.ts';
import { CLUSTER_WRITES, type Policy } from '../policy.ts';
import type { World } from '../world.ts';
import { volumesOf, type Volume } from '../sizes.ts';

export const volumesFollowPods: Policy = {
  id: 'volumes-follow-pods',
  code: 'MG035',
  ...CLUSTER_WRITES,
  mode: 'warn',
  summary: 'Volumes of pods that belong into a zone are made once it is known where the pod runs.',
  description: `A StorageClass with \`volumeBindingMode: Immediate\` makes the volume as soon as the claim
exists, in any zone. The pod has to run in the zone of its cell, and the two may never meet: the pod
stays Pending. \`WaitForFirstConsumer\` makes the volume where the pod goes. Looked at are the data volumes
of pools and of the etcd of a cell, if the Nodes lie in more than one zone; not volumes that many Nodes
share (\`ReadWriteMany\`), nor those of the global etcd, whose pods may follow them anywhere.`,
  good: `storage:
  class: gp3 # volumeBindingMode: WaitForFirstConsumer`,
  bad: `storage:
  class: gp3-now # volumeBindingMode: Immediate`,
  check(ctx) {
    const { world } = ctx;
    const resolved = ctx.resolved();
    if (!resolved || !world.storageClasses || !hasZones(world)) return [];
    const cluster = clusterOf(ctx);
    return volumesOf(cluster, resolved).flatMap((volume) => {
      if (!isBound(volume)) return [];
      const name = volume.storage.class;
      const found = world.storageClasses?.find((one) => (name ? one.name === name : one.isDefault));
      if (found?.bindingMode !== 'Immediate') return [];
      const cell =
        resolved.cells.find((one) => nodesAt(world, one).length > 0) ?? resolved.cells[0];
      return {
        path: volume.path('class'),
        value: name,
        message: `StorageClass ${found.name} makes the volumes of ${volume.owner} before it is known where their pods run, maybe outside of ${cell ? placeText(cell) : 'their zone'}: such pods stay Pending`,
        allowed: 'a class with volumeBindingMode: WaitForFirstConsumer',
        fix: 'name such a class, or make one: the mode of a class cannot be changed',
        brief: `${volume.owner}: class ${found.name} binds at once; use WaitForFirstConsumer`,
      };
    });
  },
};

/** Nodes of two different zones are known. */
function hasZones(world: World): boolean {
  let first: string | undefined;
  for (const node of world.nodes ?? []) {
    const zone = zoneOf(world, node);
    first ??= zone;
    if (zone !== undefined && zone !== first) return true;
  }
  return false;
}

/** One volume per pod, of pods that must run in some cell. */
function isBound({ kind, owner, storage }: Volume): boolean {
  if (kind === 'backup' || owner === 'the global etcd') return false;
  return !(storage.accessModes ?? []).includes('ReadWriteMany');
}
