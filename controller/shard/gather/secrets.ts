/** Secrets and settings that the user provides. They carry no label of ours, so they are read from the API itself. */
import { KINDS, type KubeObject } from '../../../schemas/k8s.ts';
import type { ShardSpec } from '../../../schemas/types.ts';
import { isFresh, type Pass } from './cache.ts';

interface Needed {
  secret: string;
  keys: string[];
  /** What the Secret is for, and where the spec names it. */
  purpose: string;
}

/** The Secrets that pods of this shard mount. */
export const neededSecrets = (spec: ShardSpec): Needed[] => {
  const { name, key } = spec.postgresPasswordSecretRef;
  const { caSecret, clientCertSecret } = spec.globalTopoServer;
  const { pgbackrestTLS, encryption, s3 } = spec.backup ?? {};
  const rows: [secret: string | undefined, keys: string[], purpose: string][] = [
    [name, [key], 'the password of the superuser (spec.postgresPasswordSecretRef)'],
    [caSecret, ['ca.crt'], 'the authority of the topology server (external.caSecret)'],
    [
      clientCertSecret,
      ['tls.crt', 'tls.key'],
      'the certificate for the topology server (external.clientCertSecret)',
    ],
    [
      pgbackrestTLS?.secretName,
      ['ca.crt', 'tls.crt', 'tls.key'],
      'the certificates of pgBackRest (backup.pgbackrestTLS.secretName)',
    ],
    [
      encryption?.secretName,
      ['keys.json'],
      'the keys of the backup encryption (backup.encryption.secretName)',
    ],
    [
      s3?.credentialsSecret,
      [],
      'the credentials of the backup bucket (backup.s3.credentialsSecret)',
    ],
  ];
  return rows.flatMap(([secret, keys, purpose]) => (secret ? [{ secret, keys, purpose }] : []));
};

/** What is wrong with one Secret and how to put it right; undefined when nothing is. */
export const secretProblem = (
  needed: Needed,
  namespace: string,
  found: KubeObject | undefined,
): string | undefined => {
  const { secret, purpose } = needed;
  const missing = needed.keys.filter((key) => !found?.data?.[key]);
  const keys = missing.map((key) => `"${key}"`).join(', ');
  if (!found) {
    return `Secret "${secret}" does not exist in namespace ${namespace}: create it${keys && ` with ${keys}`}, ${purpose}`;
  }
  return keys ? `Secret "${secret}" has no ${keys}: add it, ${purpose}` : undefined;
};

const LIFE_MS = 60_000;

/** While there are problems they are looked for in every pass. */
export const readSecretProblems = async ({ deps, shard, cache }: Pass): Promise<string[]> => {
  const nowMs = deps.clock.now();
  const known = cache.secrets;
  if (known?.value.length === 0 && isFresh(known.atMs, LIFE_MS, nowMs)) return known.value;
  if (!shard.spec) return [];
  const { namespace = '' } = shard.metadata;
  const problems = neededSecrets(shard.spec).map(async (needed) => {
    const found = await deps.kube.get({ kind: KINDS.Secret, namespace, name: needed.secret });
    return secretProblem(needed, namespace, found);
  });
  const value = (await Promise.all(problems)).filter((problem) => problem !== undefined);
  cache.secrets = { atMs: nowMs, value };
  return value;
};

export type ConfigBody = { ok: true; body?: string } | { ok: false; problem: string };

/** The user's own settings file. Live: ConfigMaps of users are not copied. */
export const readUserConfig = async ({ deps, shard }: Pass): Promise<ConfigBody> => {
  const ref = shard.spec?.postgresConfigRef;
  if (!ref) return { ok: true };
  const { name, key } = ref;
  const { namespace = '' } = shard.metadata;
  const found = await deps.kube.get({ kind: KINDS.ConfigMap, namespace, name });
  const body = found?.data?.[key];
  if (body !== undefined) return { ok: true, body };
  const problem = found
    ? `ConfigMap ${name} has no key ${key} (spec.postgresConfigRef): add it`
    : `ConfigMap ${name} does not exist in namespace ${namespace} (spec.postgresConfigRef): create it with key ${key}`;
  return { ok: false, problem };
};
