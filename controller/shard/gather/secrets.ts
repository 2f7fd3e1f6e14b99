/** Secrets that the user provides. They carry no label of ours, so they are read from the API itself. */
import type { KubeObject } from '../../../schemas/k8s.ts';
import { KINDS } from '../../../schemas/k8s.ts';
import type { Shard, ShardSpec } from '../../../schemas/types.ts';
import type { KubeApi } from '../../../kube/api.ts';
import type { Deps } from '../../deps.ts';
import type { ShardCache } from './cache.ts';
import { isFresh } from './cache.ts';

interface Needed {
  secret: string;
  keys: string[];
  /** What the Secret is for, and where the spec names it. */
  purpose: string;
}

/** The Secrets that pods of this shard mount. */
export const neededSecrets = (spec: ShardSpec): Needed[] => {
  const { name, key } = spec.postgresPasswordSecretRef;
  const needed: Needed[] = [
    {
      secret: name,
      keys: [key],
      purpose: 'the password of the superuser (spec.postgresPasswordSecretRef)',
    },
  ];
  const { caSecret, clientCertSecret } = spec.globalTopoServer;
  if (caSecret) {
    needed.push({
      secret: caSecret,
      keys: ['ca.crt'],
      purpose: 'the authority of the topology server (external.caSecret)',
    });
  }
  if (clientCertSecret) {
    needed.push({
      secret: clientCertSecret,
      keys: ['tls.crt', 'tls.key'],
      purpose: 'the certificate for the topology server (external.clientCertSecret)',
    });
  }
  const tls = spec.backup?.pgbackrestTLS?.secretName;
  if (tls) {
    needed.push({
      secret: tls,
      keys: ['ca.crt', 'tls.crt', 'tls.key'],
      purpose: 'the certificates of pgBackRest (backup.pgbackrestTLS.secretName)',
    });
  }
  const cipher = spec.backup?.encryption?.secretName;
  if (cipher) {
    needed.push({
      secret: cipher,
      keys: ['keys.json'],
      purpose: 'the keys of the backup encryption (backup.encryption.secretName)',
    });
  }
  const s3 = spec.backup?.s3?.credentialsSecret;
  if (s3) {
    needed.push({
      secret: s3,
      keys: [],
      purpose: 'the credentials of the backup bucket (backup.s3.credentialsSecret)',
    });
  }
  return needed;
};

/** What is wrong with one Secret and how to put it right; undefined when nothing is. */
export const secretProblem = (
  needed: Needed,
  namespace: string,
  found: KubeObject | undefined,
): string | undefined => {
  const keys = needed.keys.map((key) => `"${key}"`).join(', ');
  if (!found) {
    return `Secret "${needed.secret}" does not exist in namespace ${namespace}: create it${keys ? ` with ${keys}` : ''}, ${needed.purpose}`;
  }
  const empty = needed.keys.filter((key) => !found.data?.[key]);
  return empty.length === 0
    ? undefined
    : `Secret "${needed.secret}" has no ${empty.map((key) => `"${key}"`).join(', ')}: add it, ${needed.purpose}`;
};

/** Problems of all Secrets that the shard needs. */
const checkSecrets = async (
  kube: Pick<KubeApi, 'get'>,
  namespace: string,
  spec: ShardSpec,
): Promise<string[]> => {
  const problems = await Promise.all(
    neededSecrets(spec).map(async (needed) => {
      const ref = { kind: KINDS.Secret, namespace, name: needed.secret };
      return secretProblem(needed, namespace, await kube.get(ref));
    }),
  );
  return problems.filter((problem) => problem !== undefined);
};

const LIFE_MS = 60_000;

/** While there are problems they are looked for in every pass. */
export const readSecretProblems = async (
  deps: Pick<Deps, 'kube' | 'clock'>,
  shard: Shard,
  cache: ShardCache,
): Promise<string[]> => {
  const nowMs = deps.clock.now();
  const known = cache.secrets;
  if (known?.value.length === 0 && isFresh(known.atMs, LIFE_MS, nowMs)) return known.value;
  if (!shard.spec) return [];
  const value = await checkSecrets(deps.kube, shard.metadata.namespace ?? '', shard.spec);
  cache.secrets = { atMs: nowMs, value };
  return value;
};
