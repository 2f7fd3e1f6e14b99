import { X509Certificate } from 'node:crypto';
import type { KubeApi } from '../kube/api.ts';
import { isKubeError } from '../kube/errors.ts';
import { KINDS, type KubeObject } from '../schemas/k8s.ts';
import { issueCa, needsRenewal, type KeyPair } from '../pki/ca.ts';

/** The CA in force and, during a rotation, the certificate of the one before it. */
export interface Authority {
  current: KeyPair;
  previousCert?: string;
}

interface AuthorityOptions {
  kube: KubeApi;
  namespace: string;
  /** Name of the Secret that holds the CA, shared by all replicas. */
  secretName: string;
  now: number;
}

/** Life of the CA. It is replaced this many days before its end, while both are trusted. */
const CA_YEARS = 10;
const CA_RENEW_DAYS = 180;
/** Replicas that start together meet at most this often; each loser reads what the winner wrote. */
const ATTEMPTS = 8;

/**
 * Reads the CA from its Secret; makes it when there is none, and a new one when the old one ends
 * soon or cannot be read. Several replicas may do so at once: creation fails for all but one, and
 * updates carry the resourceVersion they are based on.
 */
export async function loadAuthority(options: AuthorityOptions): Promise<Authority> {
  const { kube, namespace, secretName, now } = options;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const secret = await kube.get({ kind: KINDS.Secret, namespace, name: secretName });
    const found = secret && readAuthority(secret);
    if (found && !needsRenewal(found.current.cert, now, CA_RENEW_DAYS)) return found;
    const current = await issueCa({ commonName: 'multigres-webhook-ca', years: CA_YEARS, now });
    const next = { current, ...(found ? { previousCert: found.current.cert } : {}) };
    try {
      await writeAuthority(options, next, secret);
      return next;
    } catch (error) {
      if (!isKubeError(error, 'conflict', 'exists')) throw error;
    }
  }
  throw new Error(
    `Secret ${namespace}/${secretName} changed under us ${ATTEMPTS} times: another writer fights for it`,
  );
}

/** What clients must trust now: the CA in force, then the one before it while it is valid. */
export function bundleOf(authority: Authority, now: number): string {
  const { current, previousCert } = authority;
  const keep = previousCert !== undefined && !needsRenewal(previousCert, now, 0);
  return keep ? current.cert + previousCert : current.cert;
}

/** Reads the Secret; undefined when a part is missing or certificate and key do not belong together. */
export function readAuthority(secret: KubeObject): Authority | undefined {
  const cert = decode(secret.data?.['ca.crt']);
  const key = decode(secret.data?.['ca.key']);
  const previousCert = decode(secret.data?.['previous-ca.crt']);
  if (!cert || !key || !isCertificate(cert)) return undefined;
  return {
    current: { cert, key },
    ...(previousCert && isCertificate(previousCert) ? { previousCert } : {}),
  };
}

async function writeAuthority(
  { kube, namespace, secretName }: AuthorityOptions,
  authority: Authority,
  stored: KubeObject | undefined,
): Promise<void> {
  const data: Record<string, string> = {
    'ca.crt': encode(authority.current.cert),
    'ca.key': encode(authority.current.key),
    ...(authority.previousCert ? { 'previous-ca.crt': encode(authority.previousCert) } : {}),
  };
  if (!stored) {
    await kube.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: secretName,
        namespace,
        labels: {
          'app.kubernetes.io/part-of': 'multigres',
          'app.kubernetes.io/component': 'webhook',
        },
      },
      type: 'Opaque',
      data,
    });
    return;
  }
  const { resourceVersion } = stored.metadata;
  await kube.mergePatch(
    { kind: KINDS.Secret, namespace, name: secretName },
    { metadata: { resourceVersion }, data },
  );
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).ca;
  } catch {
    return false;
  }
}

const encode = (text: string): string => Buffer.from(text).toString('base64');
const decode = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : Buffer.from(text, 'base64').toString('utf8');
