import { DEFAULT_POLICY } from '../durability.ts';
import { BUILTIN, CLUSTER_PVC_POLICY, DEFAULT_BACKUP } from '../resolve/builtin.ts';

/**
 * What is stored in a cluster's spec where nobody wrote it. The CRD says so, and the API server fills
 * it in by itself; admission does the same where the CRD is an older one or a value is an empty text.
 */
export const STORED = {
  images: { imagePullPolicy: BUILTIN.imagePullPolicy },
  logLevels: BUILTIN.logLevels,
  topologyPruning: { enabled: true },
  durabilityPolicy: DEFAULT_POLICY,
  pvcDeletionPolicy: { ...CLUSTER_PVC_POLICY },
  postgresSuperuser: BUILTIN.superuser,
  backup: DEFAULT_BACKUP,
  databases: [
    {
      name: BUILTIN.database,
      default: true,
      tablegroups: [{ name: BUILTIN.tablegroup, default: true, shards: [{ name: BUILTIN.shard }] }],
    },
  ],
};
