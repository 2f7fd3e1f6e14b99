/** Our own side of TLS to topology servers that others run. The Secrets are the user's: read live. */
import { KINDS } from '../../schemas/k8s.ts';
import type { TopoRef } from '../../schemas/types.ts';
import type { KubeApi } from '../../kube/api.ts';
import type { TlsMaterial } from '../rpc/tls.ts';

type TopoMaterial = { ok: true; tls?: TlsMaterial } | { ok: false; problem: string };

/** Renewed certificates are taken over after this time at the latest, in ms. */
const LIFE_MS = 300_000;

type Reader = Pick<KubeApi, 'get'>;

const keysOf = async (
  kube: Reader,
  namespace: string,
  name: string,
  keys: readonly string[],
): Promise<{ texts: string[] } | { problem: string }> => {
  const secret = await kube.get({ kind: KINDS.Secret, namespace, name });
  const wanted = keys.map((key) => `"${key}"`).join(' and ');
  if (!secret) {
    return {
      problem: `Secret "${name}" does not exist in namespace ${namespace}: create it with ${wanted}`,
    };
  }
  const values = keys.map((key) => secret.data?.[key] ?? '');
  if (values.includes(''))
    return { problem: `Secret "${name}" needs ${wanted}: add what is missing` };
  return { texts: values.map((value) => Buffer.from(value, 'base64').toString()) };
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
