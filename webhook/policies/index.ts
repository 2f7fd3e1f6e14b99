import { backupSharedVolume } from './backup-shared-volume.ts';
import { cellsKnown } from './cells-known.ts';
import { cellsShareZone } from './cells-share-zone.ts';
import { childrenReadOnly } from './children-read-only.ts';
import { durabilityCanBeMet } from './durability-can-be-met.ts';
import { durabilityKnown } from './durability-known.ts';
import { etcdSizeFrozen } from './etcd-size-frozen.ts';
import { externalIps } from './external-ips.ts';
import { externalWithoutIps } from './external-without-ips.ts';
import { gatewayBuffer } from './gateway-buffer.ts';
import { limitsCoverRequests } from './limits-cover-requests.ts';
import { namesFit } from './names-fit.ts';
import { overrideCreatesPool } from './override-creates-pool.ts';
import { passwordSecret } from './password-secret.ts';
import type { Policy } from './policy.ts';
import { poolNames } from './pool-names.ts';
import { poolsStay } from './pools-stay.ts';
import { postgresConfig } from './postgres-config.ts';
import { referencesExist } from './references-exist.ts';
import { riskyChanges } from './risky-changes.ts';
import { runtimeIdentity } from './runtime-identity.ts';
import { singleEtcd } from './single-etcd.ts';
import { storageClassDefault } from './storage-class-default.ts';
import { storageNotShrunk } from './storage-not-shrunk.ts';
import { storageSizes } from './storage-sizes.ts';
import { survivesZoneLoss } from './survives-zone-loss.ts';
import { templateConsumers } from './template-consumers.ts';
import { templatesInUse } from './templates-in-use.ts';
import { zonesExist } from './zones-exist.ts';

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
  templateConsumers,
  postgresConfig,
];
