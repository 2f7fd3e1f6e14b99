import type { World } from '../world.ts';

/**
 * Drivers that make disks with a file system: one Node at a time mounts them for writing. From the
 * documentation of each. Drivers of shared file systems, and those that can do either, are not listed.
 */
const DISK_DRIVERS: ReadonlySet<string> = new Set([
  'ebs.csi.aws.com',
  'kubernetes.io/aws-ebs',
  'pd.csi.storage.gke.io',
  'kubernetes.io/gce-pd',
  'disk.csi.azure.com',
  'kubernetes.io/azure-disk',
  'dobs.csi.digitalocean.com',
  'csi.hetzner.cloud',
  'cinder.csi.openstack.org',
  'rbd.csi.ceph.com',
]);

/** Those of them that make a volume for any claim, and fail when a second Node attaches it. */
const LATE: ReadonlySet<string> = new Set(['cinder.csi.openstack.org']);

export interface DiskClass {
  name: string;
  driver: string;
  /** A claim for ReadWriteMany gets no volume at all. */
  refusesShared: boolean;
}

/** The StorageClass and driver if volumes of this class (none given: the default) are disks. */
export function diskClass(world: World, name: string | undefined): DiskClass | undefined {
  const found = (world.storageClasses ?? []).find((one) =>
    name === undefined ? one.isDefault : one.name === name,
  );
  const driver = found?.provisioner;
  return found && driver !== undefined && DISK_DRIVERS.has(driver)
    ? { name: found.name, driver, refusesShared: !LATE.has(driver) }
    : undefined;
}
