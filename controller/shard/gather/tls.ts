/** Certificates for our own calls, and whether those between the poolers are due. */
import { compact } from '../../../schemas/compact.ts';
import { identityOf } from '../../builders/meta.ts';
import { internalTlsMaterial, topoMaterial } from '../../observe/credentials.ts';
import type { TlsMaterial } from '../../rpc/tls.ts';
import { isFresh, type Pass } from './cache.ts';

const CERTIFICATES_MS = 3_600_000;
const TLS_MS = 300_000;

export interface Material {
  tls?: TlsMaterial;
  topoTls?: TlsMaterial;
}

const poolerTls = async ({ deps, shard, cache }: Pass): Promise<TlsMaterial | undefined> => {
  if (!shard.spec?.internalTLS?.enabled) return undefined;
  const nowMs = deps.clock.now();
  if (cache.tls?.value && isFresh(cache.tls.atMs, TLS_MS, nowMs)) return cache.tls.value;
  const { cluster, namespace } = identityOf(shard);
  const value = await internalTlsMaterial(deps.kube, cluster, namespace);
  cache.tls = { atMs: nowMs, value };
  return value;
};

/** For the topology server. One that is missing is told with the other Secrets. */
const topologyTls = async ({ deps, shard, cache }: Pass): Promise<TlsMaterial | undefined> => {
  const ref = shard.spec?.globalTopoServer;
  if (!ref) return undefined;
  const { namespace = '' } = shard.metadata;
  const found = await topoMaterial(deps.kube, { namespace, ref, nowMs: deps.clock.now() }, cache);
  return found.ok ? found.tls : undefined;
};

export const readMaterial = async (pass: Pass): Promise<Material> => {
  const [tls, topoTls] = await Promise.all([poolerTls(pass), topologyTls(pass)]);
  return compact({ tls, topoTls });
};

/** pgBackRest's certificates: looked at once an hour, and at once when one is missing. */
export const certificatesDue = ({ deps, shard, cache }: Pass): boolean => {
  const { backup } = shard.spec ?? {};
  if (!backup || backup.pgbackrestTLS?.secretName) return false;
  const owned = deps.listers.Secret.byIndex('owner', shard.metadata.uid ?? '').length;
  return owned < 2 || !isFresh(cache.certificatesAtMs, CERTIFICATES_MS, deps.clock.now());
};
