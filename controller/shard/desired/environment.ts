import type { EnvVar } from '../../../schemas/k8s.ts';
import type { Backup } from '../../../schemas/types.ts';
import { envSecret } from '../../builders/env.ts';
import { FILES, PATHS } from './paths.ts';
import type { ShardScope } from './scope.ts';

const S3_KEYS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;

/** pgBackRest runs in both pgctld and multipooler, so both get these. */
const s3Env = (backup: Backup | undefined): EnvVar[] => {
  if (backup?.type !== 's3' || backup.s3 === undefined) return [];
  const { region, credentialsSecret } = backup.s3;
  return [
    { name: 'AWS_REGION', value: region },
    ...(credentialsSecret ? S3_KEYS.map((key) => envSecret(key, credentialsSecret, key)) : []),
  ];
};

/**
 * What pgctld and multipooler both read. POSTGRES_DB stays out: pgctld would create and use a
 * database of that name.
 */
export const postgresEnv = (scope: ShardScope): EnvVar[] => [
  { name: 'PGDATA', value: PATHS.pgdata },
  { name: 'POSTGRES_USER', value: scope.superuser },
  { name: 'POSTGRES_PASSWORD_FILE', value: `${PATHS.password}/${FILES.password}` },
  ...s3Env(scope.spec.backup),
];
