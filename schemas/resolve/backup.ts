import { compact } from '../compact.ts';
import type { Backup, FilesystemBackup, S3Backup } from '../types.ts';
import { BUILTIN, DEFAULT_BACKUP } from './builtin.ts';
import { byField, mergeStorage, text } from './merge.ts';

const mergeFilesystem = byField<FilesystemBackup>({ path: text, storage: mergeStorage });

/**
 * useEnvCredentials is the child's whenever the child has an s3 block: as upstream, since where
 * credentials come from must not be a mixture of two levels.
 */
const mergeS3 = byField<S3Backup>({
  bucket: (parent, child) => text(parent, child) ?? '',
  region: (parent, child) => text(parent, child) ?? '',
  endpoint: text,
  keyPrefix: text,
  credentialsSecret: text,
  serviceAccountName: text,
  useEnvCredentials: (_, child) => child,
});

/** Only the block that `type` names counts; the other one is dropped. */
const counting = (backup: Backup): Backup =>
  compact({
    type: backup.type,
    filesystem: backup.type === 'filesystem' ? backup.filesystem : undefined,
    s3: backup.type === 's3' ? backup.s3 : undefined,
    pgbackrestTLS: backup.pgbackrestTLS,
    encryption: backup.encryption,
  });

/** A lower level's backup over the level above it. Another type replaces everything. */
const mergeBackup = (parent: Backup | undefined, child: Backup | undefined): Backup | undefined => {
  if (!child) return parent && counting(parent);
  if (!parent || parent.type !== child.type) return counting(child);
  return counting(
    compact({
      type: child.type,
      filesystem: mergeFilesystem(parent.filesystem, child.filesystem),
      s3: child.s3 ? mergeS3(parent.s3, child.s3) : parent.s3,
      pgbackrestTLS: child.pgbackrestTLS ?? parent.pgbackrestTLS,
      encryption: child.encryption ?? parent.encryption,
    }),
  );
};

/** The effective backup of a level: merged, and complete. */
export const resolveBackup = (parent: Backup | undefined, child: Backup | undefined): Backup => {
  const merged = mergeBackup(parent, child) ?? DEFAULT_BACKUP;
  if (merged.type !== 'filesystem') return merged;
  const { filesystem } = merged;
  return {
    ...merged,
    filesystem: {
      path: filesystem?.path || BUILTIN.backup.path,
      storage: { ...filesystem?.storage, size: filesystem?.storage?.size || BUILTIN.backup.size },
    },
  };
};
