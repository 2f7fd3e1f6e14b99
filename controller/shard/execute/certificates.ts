/** Certificates by which the poolers of one shard run backups on each other. Ours unless the user has own. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { KINDS, type KubeObject } from '../../../schemas/k8s.ts';
import { COMPONENTS, standardLabels } from '../../../schemas/labels.ts';
import { names } from '../../../schemas/names.ts';
import type { Shard } from '../../../schemas/types.ts';
import { issueCa, issueLeaf, needsRenewal, type KeyPair } from '../../../pki/ca.ts';
import { identityOf } from '../../builders/meta.ts';
import { ownerReference } from '../../builders/owner.ts';
import type { Deps } from '../../deps.ts';
import { shardIdentity } from '../state/identity.ts';

const CA_YEARS = 10;
const LEAF_DAYS = 365;
/** A certificate with less than this left is made anew. */
const RENEW_DAYS = 30;
/** pgBackRest's server lets in clients of this name only. */
const COMMON_NAME = 'pgbackrest';

/** Poolers go by the names of their Services, which all lie directly under the namespace. */
const dnsNames = (namespace: string, clusterDomain: string): string[] => [
  COMMON_NAME,
  `*.${namespace}.svc`,
  `*.${namespace}.svc.${clusterDomain}`,
];

/**
 * Whether a certificate may stay: signed by this authority, for all of these names, and not about to
 * end. One that another operator made has the names of its own Services.
 * @param nowMs milliseconds since the epoch
 */
export const isFit = (
  cert: string,
  authority: string,
  wanted: readonly string[],
  nowMs: number,
): boolean => {
  if (needsRenewal(cert, nowMs, RENEW_DAYS)) return false;
  const leaf = new X509Certificate(cert);
  const issuer = new X509Certificate(authority);
  const named = (leaf.subjectAltName ?? '').split(', ');
  return (
    leaf.checkIssued(issuer) &&
    leaf.verify(issuer.publicKey) &&
    wanted.every((name) => named.includes(`DNS:${name}`))
  );
};

/** A private key in the form that signing takes; others write the older one of elliptic curves. */
const asPkcs8 = (key: string): string =>
  createPrivateKey(key).export({ type: 'pkcs8', format: 'pem' }).toString();

const text = (secret: KubeObject | undefined, key: string): string | undefined => {
  const value = secret?.data?.[key];
  return value === undefined ? undefined : Buffer.from(value, 'base64').toString();
};

const base64 = (value: string): string => Buffer.from(value).toString('base64');

const secretOf = (shard: Shard, name: string, data: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  type: 'Opaque',
  metadata: {
    name,
    ...(shard.metadata.namespace === undefined ? {} : { namespace: shard.metadata.namespace }),
    labels: {
      ...standardLabels(identityOf(shard).cluster, COMPONENTS.pgbackrestTls),
      ...shardIdentity(shard),
    },
    ownerReferences: [ownerReference(shard)],
  },
  data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)])),
});

/** The copy first, the API itself before anything is made anew: a cold copy must not replace a key. */
const read = async (deps: Deps, namespace: string, name: string): Promise<KubeObject | undefined> =>
  deps.listers.Secret.get(namespace, name) ??
  (await deps.kube.get({ kind: KINDS.Secret, namespace, name }));

interface Authority {
  pair: KeyPair;
  /** What clients and servers trust: the authority, and the one before it while leaves change. */
  bundle: string;
}

const ensureAuthority = async (deps: Deps, shard: Shard, nowMs: number): Promise<Authority> => {
  const namespace = shard.metadata.namespace ?? '';
  const name = names.pgbackrestCa(shard.metadata.name);
  const secret = await read(deps, namespace, name);
  const cert = text(secret, 'ca.crt');
  const key = text(secret, 'ca.key');
  if (cert && key && !needsRenewal(firstCertificate(cert), nowMs, RENEW_DAYS)) {
    return { pair: { cert: firstCertificate(cert), key }, bundle: cert };
  }
  const commonName = 'Multigres CA';
  const pair = await issueCa({ commonName, years: CA_YEARS, now: nowMs });
  const bundle = cert ? `${pair.cert}${firstCertificate(cert)}` : pair.cert;
  await deps.kube.apply(secretOf(shard, name, { 'ca.crt': bundle, 'ca.key': pair.key }));
  return { pair, bundle };
};

const firstCertificate = (bundle: string): string =>
  /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n?/.exec(bundle)?.[0] ?? bundle;

/** True when something was written. Everything is read from the API at most once. */
export const ensureCertificates = async (deps: Deps, shard: Shard): Promise<boolean> => {
  const nowMs = deps.clock.now();
  const namespace = shard.metadata.namespace ?? '';
  const authority = await ensureAuthority(deps, shard, nowMs);
  const name = names.pgbackrestTls(shard.metadata.name);
  const cert = text(await read(deps, namespace, name), 'tls.crt');
  const wanted = dnsNames(namespace, deps.options.clusterDomain);
  if (cert && isFit(cert, authority.pair.cert, wanted, nowMs)) return false;
  const leaf = await issueLeaf({
    ca: { cert: authority.pair.cert, key: asPkcs8(authority.pair.key) },
    commonName: COMMON_NAME,
    dnsNames: wanted,
    serverAuth: true,
    clientAuth: true,
    days: LEAF_DAYS,
    now: nowMs,
  });
  await deps.kube.apply(secretOf(shard, name, { 'tls.crt': leaf.cert, 'tls.key': leaf.key }));
  const reason = cert ? 'Rotated' : 'Generated';
  deps.events.event(shard, 'Normal', reason, 'Certificates of pgBackRest');
  return true;
};
