import { CLUSTER_WRITES, type Policy } from '../policy.ts';
import { volumesOf } from '../sizes.ts';
import { findNew } from '../stored.ts';
import { oneOf } from '../words.ts';

export const storageClassDefault: Policy = {
  id: 'storage-class-default',
  code: 'MG016',
  ...CLUSTER_WRITES,
  mode: 'deny',
  summary: 'A volume without a storage class has a default StorageClass to take.',
  description: `Without \`storage.class\` Kubernetes uses the StorageClass that is marked as default. If
there is none, the volume is never made and the Pods stay Pending. Give a class in each place that
the message lists, or mark one as default.`,
  good: `storage:
  size: 10Gi
  class: standard`,
  bad: `storage:
  size: 10Gi # and no StorageClass is the default`,
  check(ctx) {
    const classes = ctx.world.storageClasses;
    if (!classes || classes.some((storageClass) => storageClass.isDefault)) return [];
    const names = classes.map((storageClass) => storageClass.name);
    return findNew(ctx, (cluster, resolved) =>
      volumesOf(cluster, resolved)
        .filter(({ storage }) => storage.class === undefined)
        .map(({ owner, path }) => ({
          path: path('class'),
          message: `no storage class for ${owner}, and no StorageClass is the default`,
          brief: `${owner}: no default StorageClass, write storage.class`,
          allowed: names.length > 0 ? oneOf(names) : 'a StorageClass; the cluster has none',
          fix: 'write a class here, or annotate a StorageClass with storageclass.kubernetes.io/is-default-class=true',
        })),
    );
  },
};
