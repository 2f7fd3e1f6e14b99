import type { Container, PodSpec } from '../../../schemas/k8s.ts';
import { names } from '../../../schemas/names.ts';
import type { Backup, Pool } from '../../../schemas/types.ts';
import { SECRET_MODE } from '../../builders/security.ts';
import { FILES, PATHS } from './paths.ts';
import { sharedMemoryOf } from './postgres-sizing.ts';
import type { ShardScope } from './scope.ts';

type Volume = NonNullable<PodSpec['volumes']>[number];
export type Mount = NonNullable<Container['volumeMounts']>[number];

export const MOUNTS = {
  data: { name: 'pgdata', mountPath: PATHS.pooler },
  hba: { name: 'pg-hba-template', mountPath: PATHS.hba, readOnly: true },
  config: { name: 'postgres-config', mountPath: PATHS.config, readOnly: true },
  password: { name: 'postgres-password', mountPath: PATHS.password, readOnly: true },
  queries: { name: 'postgres-exporter-queries', mountPath: PATHS.queries, readOnly: true },
  pgbackrest: { name: 'pgbackrest-certs', mountPath: PATHS.pgbackrest, readOnly: true },
  cipher: { name: 'pgbackrest-cipher', mountPath: PATHS.cipher, readOnly: true },
  sharedMemory: { name: 'dshm', mountPath: PATHS.sharedMemory },
} as const satisfies Record<string, Mount>;

const BACKUP_VOLUME = 'backup-data';

/**
 * Mounts of the shared repository. At the configured path, which is also what the topology record
 * tells the poolers: at any other, backups would go to the container's own layer.
 */
export const repositoryMounts = (backup: Backup | undefined): Mount[] =>
  backup?.type === 'filesystem'
    ? [{ name: BACKUP_VOLUME, mountPath: backup.filesystem?.path || PATHS.backups }]
    : [];

/** Keys of a Secret or ConfigMap, and the files that they become. */
const items = (files: Record<string, string>) =>
  Object.entries(files).map(([key, path]) => ({ key, path }));

const secretFile = ({ name }: Mount, secretName: string, key: string, path: string): Volume => ({
  name,
  secret: { secretName, defaultMode: SECRET_MODE, items: items({ [key]: path }) },
});

const projectedCerts = (scope: ShardScope, backup: Backup): Volume => {
  const own = backup.pgbackrestTLS?.secretName;
  const ca = own || names.pgbackrestCa(scope.name);
  const tls = own || names.pgbackrestTls(scope.name);
  return {
    name: MOUNTS.pgbackrest.name,
    projected: {
      defaultMode: SECRET_MODE,
      sources: [
        { secret: { name: ca, items: items({ 'ca.crt': 'ca.crt' }) } },
        {
          secret: {
            name: tls,
            items: items({ 'tls.crt': 'pgbackrest.crt', 'tls.key': 'pgbackrest.key' }),
          },
        },
      ],
    },
  };
};

const backupVolumes = (scope: ShardScope): Volume[] => {
  const { backup } = scope.spec;
  if (backup === undefined) return [];
  const secretName = backup.encryption?.secretName;
  return [
    ...repositoryMounts(backup).map(({ name }) => ({
      name,
      persistentVolumeClaim: { claimName: names.backupPvc(...scope.parts) },
    })),
    projectedCerts(scope, backup),
    ...(secretName === undefined
      ? []
      : [secretFile(MOUNTS.cipher, secretName, FILES.cipher, FILES.cipher)]),
  ];
};

const MIB = 1024 * 1024;

/** Without a limit of its own it may grow to that of the node. */
const sharedMemory = (pool: Pool): Volume => {
  const bytes = sharedMemoryOf(pool);
  const limit = bytes === undefined ? {} : { sizeLimit: `${bytes / MIB}Mi` };
  return { name: MOUNTS.sharedMemory.name, emptyDir: { medium: 'Memory', ...limit } };
};

/** Volumes of a pool pod but for those of telemetry and internal TLS. */
export const poolVolumes = (scope: ShardScope, pool: Pool, pod: string): Volume[] => {
  const password = scope.spec.postgresPasswordSecretRef;
  return [
    { name: MOUNTS.data.name, persistentVolumeClaim: { claimName: names.dataPvc(pod) } },
    sharedMemory(pool),
    { name: MOUNTS.hba.name, configMap: { name: names.pgHba(scope.name) } },
    {
      name: MOUNTS.config.name,
      configMap: {
        name: names.postgresConfig(scope.name),
        items: items({ [FILES.config]: FILES.config }),
      },
    },
    { name: MOUNTS.queries.name, configMap: { name: names.exporterQueries(scope.name) } },
    secretFile(MOUNTS.password, password.name, password.key, FILES.password),
    ...backupVolumes(scope),
  ];
};
