/** Reads of a shard pass that are not in the local copies, each at most as often as it can change. */
import { KINDS } from '../../../schemas/k8s.ts';
import type { Shard } from '../../../schemas/types.ts';
import { identityOf } from '../../builders/meta.ts';
import type { Deps } from '../../deps.ts';
import { internalTlsMaterial } from '../../observe/tls.ts';
import { topoMaterial } from '../../observe/topo-tls.ts';
import type { Target } from '../../rpc/client.ts';
import type { TlsMaterial } from '../../rpc/tls.ts';
import type { ShardMemory } from './cache.ts';
import { ensureCertificates } from '../execute/certificates.ts';
import { leaderOf } from '../state/roles.ts';
import type { PoolerView } from '../state/roles.ts';
import { checkSecrets } from './secrets.ts';

const SECRETS_MS = 60_000;
const CERTIFICATES_MS = 3_600_000;
const TLS_MS = 300_000;
const BACKUPS_MS = 60_000;
/** pgBackRest's own answer takes a second or so; a lock may hold it up. */
const BACKUPS_TIMEOUT_MS = 30_000;
const BACKUPS_ASKED = 10;

const isFresh = (atMs: number | undefined, lifeMs: number, nowMs: number): boolean =>
  atMs !== undefined && nowMs - atMs < lifeMs;

/** Problems of the user's Secrets. While there are any they are looked for in every pass. */
export const secretProblems = async (
  deps: Deps,
  shard: Shard,
  memory: ShardMemory,
): Promise<string[]> => {
  const nowMs = deps.clock.now();
  const known = memory.secrets;
  if (known?.value.length === 0 && isFresh(known.atMs, SECRETS_MS, nowMs)) return known.value;
  if (!shard.spec) return [];
  const value = await checkSecrets(deps.kube, shard.metadata.namespace ?? '', shard.spec);
  memory.secrets = { atMs: nowMs, value };
  return value;
};

/** pgBackRest's certificates: looked at once an hour, and at once when one is missing. */
export const certificates = async (
  deps: Deps,
  shard: Shard,
  memory: ShardMemory,
): Promise<void> => {
  const { backup } = shard.spec ?? {};
  if (!backup || backup.pgbackrestTLS?.secretName) return;
  const nowMs = deps.clock.now();
  const owned = deps.listers.Secret.byIndex('owner', shard.metadata.uid ?? '').length;
  if (owned >= 2 && isFresh(memory.certificatesAtMs, CERTIFICATES_MS, nowMs)) return;
  await ensureCertificates(deps, shard);
  memory.certificatesAtMs = nowMs;
};

export const tlsMaterial = async (
  deps: Deps,
  shard: Shard,
  memory: ShardMemory,
): Promise<TlsMaterial | undefined> => {
  if (!shard.spec?.internalTLS?.enabled) return undefined;
  const nowMs = deps.clock.now();
  if (memory.tls?.value && isFresh(memory.tls.atMs, TLS_MS, nowMs)) return memory.tls.value;
  const { cluster, namespace } = identityOf(shard);
  const value = await internalTlsMaterial(deps.kube, cluster, namespace);
  memory.tls = { atMs: nowMs, value };
  return value;
};

/** For the topology server. One that is missing is told with the other Secrets. */
export const topoTlsMaterial = async (
  deps: Deps,
  shard: Shard,
  memory: ShardMemory,
): Promise<TlsMaterial | undefined> => {
  const ref = shard.spec?.globalTopoServer;
  if (!ref) return undefined;
  const { namespace = '' } = shard.metadata;
  const found = await topoMaterial(deps.kube, { namespace, ref, nowMs: deps.clock.now() }, memory);
  return found.ok ? found.tls : undefined;
};

export type ConfigBody = { ok: true; body?: string } | { ok: false; problem: string };

/** The user's own settings file. Live: ConfigMaps of users are not copied. */
export const configBody = async (deps: Deps, shard: Shard): Promise<ConfigBody> => {
  const ref = shard.spec?.postgresConfigRef;
  if (!ref) return { ok: true };
  const { name, key } = ref;
  const namespace = shard.metadata.namespace ?? '';
  const found = await deps.kube.get({ kind: KINDS.ConfigMap, namespace, name });
  const body = found?.data?.[key];
  if (body !== undefined) return { ok: true, body };
  const problem = found
    ? `ConfigMap ${name} has no key ${key} (spec.postgresConfigRef): add it`
    : `ConfigMap ${name} does not exist in namespace ${namespace} (spec.postgresConfigRef): create it with key ${key}`;
  return { ok: false, problem };
};

export const targetOf = (view: PoolerView, tls: TlsMaterial | undefined): Target | undefined => {
  const port = view.record?.port_map?.['grpc'];
  const host = view.record?.hostname;
  return host && port ? { address: `${host}:${port}`, ...(tls ? { tls } : {}) } : undefined;
};

/** Asks the primary for its backups now and then, without keeping the pass waiting for the answer. */
export const refreshBackups = (
  deps: Deps,
  views: readonly PoolerView[],
  tls: TlsMaterial | undefined,
  memory: ShardMemory,
): void => {
  const nowMs = deps.clock.now();
  const leader = leaderOf(views)?.view;
  const target = leader?.status && targetOf(leader, tls);
  if (!target || isFresh(memory.backupsAskedAtMs, BACKUPS_MS, nowMs)) return;
  memory.backupsAskedAtMs = nowMs;
  deps.rpc.getBackups(target, BACKUPS_ASKED, BACKUPS_TIMEOUT_MS).then(
    (value) => {
      memory.backups = { atMs: deps.clock.now(), value };
    },
    // The next round asks again; the last answer stays in the status.
    () => {},
  );
};
