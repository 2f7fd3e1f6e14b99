import {
  boolean,
  enumeration,
  inline,
  optional,
  required,
  ruled,
  ruledInChange,
  string,
  struct,
} from './dsl.ts';
import { storage } from './parts.ts';
import { text } from './scalars.ts';

export const filesystemBackup = struct('FilesystemBackup', 'Backups on a volume.', {
  path: optional(text, 'Folder of the backups, as the pods see it. Default: /backups.'),
  storage: optional(
    storage,
    'The volume. Pods on several nodes need an access mode of many writers.',
  ),
});

export const s3Backup = ruled(
  struct('S3Backup', 'Backups in a bucket that speaks the S3 protocol.', {
    bucket: required(string({ minLength: 1 }), 'Name of the bucket.'),
    region: required(string({ minLength: 1 }), 'Region of the bucket.'),
    endpoint: optional(text, 'Address of the store, if it is not that of the region.'),
    keyPrefix: optional(text, 'Beginning of all keys in the bucket.'),
    credentialsSecret: optional(text, 'Secret with the access key.'),
    serviceAccountName: optional(
      text,
      'ServiceAccount whose identity may use the bucket, instead of an access key.',
    ),
    useEnvCredentials: optional(boolean, "Take the access key from the pods' environment."),
  }),
  {
    'serviceAccountName and credentialsSecret are two ways to say the same: give only one of them':
      "!(has(self.serviceAccountName) && self.serviceAccountName != '' && has(self.credentialsSecret) && self.credentialsSecret != '')",
    'serviceAccountName does not go with useEnvCredentials: give only one of them':
      "!(has(self.serviceAccountName) && self.serviceAccountName != '' && has(self.useEnvCredentials) && self.useEnvCredentials)",
  },
);

export const backup = ruledInChange(
  ruled(
    struct('Backup', 'Where backups go. Only the block that `type` names counts.', {
      type: required(enumeration(['filesystem', 's3']), 'Kind of store.'),
      filesystem: optional(filesystemBackup, 'Settings for type filesystem.'),
      s3: optional(s3Backup, 'Settings for type s3.'),
      pgbackrestTLS: optional(
        inline({
          secretName: optional(
            text,
            'Secret with ca.crt, tls.crt and tls.key. Empty: the operator makes and renews them.',
          ),
        }),
        'Certificates with which the pods of a shard reach each other for backups.',
      ),
      encryption: optional(
        inline({
          secretName: required(
            string({ minLength: 1 }),
            'Secret whose key keys.json maps repository generations to passphrases.',
          ),
        }),
        'Encryption of the backups. It can only be chosen when the backup block is new.',
      ),
    }),
    {
      'type is s3 but there is no s3 block: add s3 with bucket and region':
        "self.type != 's3' || has(self.s3)",
      'type is filesystem but there is no filesystem block: add filesystem, for example {path: /backups}':
        "self.type != 'filesystem' || has(self.filesystem)",
    },
  ),
  {
    // encryption keys belong to the repository: changing them would orphan every backup in it
    'encryption cannot be switched on, off or to another Secret, as existing backups could not be read: put it back':
      'has(self.encryption) == has(oldSelf.encryption) && (!has(self.encryption) || self.encryption == oldSelf.encryption)',
  },
);
