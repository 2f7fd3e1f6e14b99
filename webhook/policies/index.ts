import { backupSharedVolume } from './backup/backup-shared-volume.ts';
import { cellsKnown } from './zones/cells-known.ts';
import { cellsShareZone } from './zones/cells-share-zone.ts';
import { childrenReadOnly } from './children/children-read-only.ts';
import { durabilityCanBeMet } from './durability/durability-can-be-met.ts';
import { durabilityKnown } from './durability/durability-known.ts';
import { etcdSizeFrozen } from './scale/etcd-size-frozen.ts';
import { externalIps } from './config/external-ips.ts';
import { externalWithoutIps } from './config/external-without-ips.ts';
import { imageBuilds } from './config/image-builds.ts';
import { imageTags } from './config/image-tags.ts';
import { gatewayBuffer } from './config/gateway-buffer.ts';
import { limitsCoverRequests } from './scale/limits-cover-requests.ts';
import { namesFit } from './names/names-fit.ts';
import { overrideCreatesPool } from './templates/override-creates-pool.ts';
import { passwordSecret } from './config/password-secret.ts';
import type { Policy } from './policy.ts';
import { poolNames } from './names/pool-names.ts';
import { poolsStay } from './scale/pools-stay.ts';
import { postgresConfigRef } from './config/postgres-config-ref.ts';
import { postgresConfig } from './config/postgres-config.ts';
import { referencesExist } from './templates/references-exist.ts';
import { riskyChanges } from './scale/risky-changes.ts';
import { runtimeIdentity } from './config/runtime-identity.ts';
import { singleEtcd } from './durability/single-etcd.ts';
import { storageCanGrow } from './scale/storage-can-grow.ts';
import { storageClassDefault } from './scale/storage-class-default.ts';
import { storageNotShrunk } from './scale/storage-not-shrunk.ts';
import { storageSizes } from './scale/storage-sizes.ts';
import { survivesZoneLoss } from './durability/survives-zone-loss.ts';
import { templatesInUse } from './templates/templates-in-use.ts';
import { scaleDownSafe } from './scale/scale-down-safe.ts';
import { scaleDownBackup } from './scale/scale-down-backup.ts';
import { dataStays } from './scale/data-stays.ts';
import { liveStateKnown } from './scale/live-state-known.ts';
import { deletionProtection } from './scale/deletion-protection.ts';
import { deletionOfData } from './scale/deletion-of-data.ts';
import { writeHeadroom } from './durability/write-headroom.ts';
import { durabilityChange } from './durability/durability-change.ts';
import { etcdSpread } from './durability/etcd-spread.ts';
import { zonesMixed } from './zones/zones-mixed.ts';
import { nodesForPoolers } from './zones/nodes-for-poolers.ts';
import { zoneStays } from './zones/zone-stays.ts';
import { volumesFollowPods } from './zones/volumes-follow-pods.ts';
import { zonesExist } from './zones/zones-exist.ts';

/**
 * THE list: the webhook, the linter, the rules of the webhook configurations and docs/policies.md
 * are all made from it. In the order of the codes.
 */
export const POLICIES: readonly Policy[] = [
  referencesExist,
  childrenReadOnly,
  templatesInUse,
  namesFit,
  durabilityKnown,
  durabilityCanBeMet,
  survivesZoneLoss,
  zonesExist,
  cellsShareZone,
  cellsKnown,
  poolNames,
  poolsStay,
  overrideCreatesPool,
  storageSizes,
  storageNotShrunk,
  storageClassDefault,
  backupSharedVolume,
  passwordSecret,
  limitsCoverRequests,
  runtimeIdentity,
  gatewayBuffer,
  externalIps,
  externalWithoutIps,
  etcdSizeFrozen,
  singleEtcd,
  riskyChanges,
  postgresConfig,
  writeHeadroom,
  durabilityChange,
  etcdSpread,
  zonesMixed,
  nodesForPoolers,
  zoneStays,
  volumesFollowPods,
  scaleDownSafe,
  scaleDownBackup,
  dataStays,
  liveStateKnown,
  deletionProtection,
  deletionOfData,
  storageCanGrow,
  imageTags,
  imageBuilds,
  postgresConfigRef,
];
