import type { World } from '../policy.ts';

/**
 * Drivers that make disks with a file system: one Node at a time mounts them for writing, and they
 * refuse claims for ReadWriteMany. From the documentation of each. Drivers of shared file systems,
 * and those that can do either, are not listed.
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

/** The StorageClass and driver if volumes of this class (none given: the default) are disks. */
export function diskClass(
  world: World,
  name: string | undefined,
): { name: string; driver: string } | undefined {
  const found = (world.storageClasses ?? []).find((one) =>
    name === undefined ? one.isDefault : one.name === name,
  );
  const driver = found?.provisioner;
  return found && driver !== undefined && DISK_DRIVERS.has(driver)
    ? { name: found.name, driver }
    : undefined;
}
