/** Our own side of TLS: to the runtime's components, and to topology servers that others run. Read live. */
import { KINDS, type KubeObject } from '../../schemas/k8s.ts';
import { compact } from '../../schemas/compact.ts';
import { names } from '../../schemas/names.ts';
import type { KubeApi } from '../../kube/api.ts';
import type { TlsMaterial } from '../rpc/tls.ts';
import type { TopoRef } from '../../schemas/types.ts';

type Reader = Pick<KubeApi, 'get'>;

const text = (secret: KubeObject, key: string): string | undefined => {
  const value = secret.data?.[key];
  return value === undefined ? undefined : Buffer.from(value, 'base64').toString();
};

/**
 * Material from the Secrets that cert-manager makes: the operator calls with the certificate of multiadmin,
 * which is a client of poolers too. Undefined until the Secret exists.
 */
export const internalTlsMaterial = async (
  kube: Reader,
  cluster: string,
  namespace: string,
): Promise<TlsMaterial | undefined> => {
  const name = names.internalTls('multiadmin', cluster, namespace);
  const secret = await kube.get({ kind: KINDS.Secret, namespace, name });
  const ca = secret && text(secret, 'ca.crt');
  if (!secret || ca === undefined) return undefined;
  const [cert, key] = [text(secret, 'tls.crt'), text(secret, 'tls.key')];
  return compact({
    ca,
    cert,
    key,
    serverName: names.internalTls('multipooler', cluster, namespace),
  });
};

type TopoMaterial = { ok: true; tls?: TlsMaterial } | { ok: false; problem: string };

/** Renewed certificates are taken over after this time at the latest, in ms. */
const LIFE_MS = 300_000;

const keysOf = async (
  kube: Reader,
  namespace: string,
  name: string,
  keys: readonly string[],
): Promise<{ texts: string[] } | { problem: string }> => {
  const secret = await kube.get({ kind: KINDS.Secret, namespace, name });
  const wanted = keys.map((key) => `"${key}"`).join(' and ');
  if (!secret) {
    const problem = `Secret "${name}" does not exist in namespace ${namespace}: create it with ${wanted}`;
    return { problem };
  }
  const texts = keys.map((key) => text(secret, key) ?? '');
  return texts.includes('')
    ? { problem: `Secret "${name}" needs ${wanted}: add what is missing` }
    : { texts };
};

const read = async (kube: Reader, namespace: string, ref: TopoRef): Promise<TopoMaterial> => {
  const { caSecret, clientCertSecret } = ref;
  const tls: TlsMaterial = {};
  if (caSecret) {
    const found = await keysOf(kube, namespace, caSecret, ['ca.crt']);
    if ('problem' in found) return { ok: false, problem: found.problem };
    [tls.ca = ''] = found.texts;
  }
  if (clientCertSecret) {
    const found = await keysOf(kube, namespace, clientCertSecret, ['tls.crt', 'tls.key']);
    if ('problem' in found) return { ok: false, problem: found.problem };
    [tls.cert = '', tls.key = ''] = found.texts;
  }
  return { ok: true, tls };
};

/** What was read, for how long it may be used, and for which reference. */
export interface TopoMaterialMemory {
  topoTls?: { key: string; atMs: number; tls: TlsMaterial };
}

/** Certificates for a topology reference: nothing for one without Secrets, which costs no call. */
export const topoMaterial = async (
  kube: Reader,
  at: { namespace: string; ref: TopoRef; nowMs: number },
  memory: TopoMaterialMemory,
): Promise<TopoMaterial> => {
  const { caSecret = '', clientCertSecret = '' } = at.ref;
  const key = `${caSecret}/${clientCertSecret}`;
  if (key === '/') return { ok: true };
  const known = memory.topoTls;
  if (known?.key === key && at.nowMs - known.atMs < LIFE_MS) return { ok: true, tls: known.tls };
  const found = await read(kube, at.namespace, at.ref);
  if (found.ok && found.tls) memory.topoTls = { key, atMs: at.nowMs, tls: found.tls };
  return found;
};
