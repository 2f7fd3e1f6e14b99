/** Our own certificate for calls to components that demand one. */
import { KINDS, type KubeObject } from '../../schemas/k8s.ts';
import { names } from '../../schemas/names.ts';
import type { KubeApi } from '../../kube/api.ts';
import type { TlsMaterial } from '../rpc/tls.ts';

const text = (secret: KubeObject, key: string): string | undefined => {
  const value = secret.data?.[key];
  return value === undefined ? undefined : Buffer.from(value, 'base64').toString();
};

/**
 * Material from the Secrets that cert-manager makes: the operator calls with the certificate of multiadmin,
 * which is a client of poolers too. Undefined until the Secret exists.
 */
export const internalTlsMaterial = async (
  kube: Pick<KubeApi, 'get'>,
  cluster: string,
  namespace: string,
): Promise<TlsMaterial | undefined> => {
  const name = names.internalTls('multiadmin', cluster, namespace);
  const secret = await kube.get({ kind: KINDS.Secret, namespace, name });
  const ca = secret && text(secret, 'ca.crt');
  if (!secret || ca === undefined) return undefined;
  const cert = text(secret, 'tls.crt');
  const key = text(secret, 'tls.key');
  return {
    ca,
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    serverName: names.internalTls('multipooler', cluster, namespace),
  };
};
