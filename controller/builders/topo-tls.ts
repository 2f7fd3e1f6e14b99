import type { TopoRef } from '../../schemas/types.ts';
import { flags } from './args.ts';
import type { PodPart } from './pod.ts';
import { SECRET_MODE } from './security.ts';

export type TopoTls = Required<PodPart>;

const NONE: TopoTls = { args: [], env: [], volumes: [], mounts: [] };

const VOLUME = 'topo-tls';
const DIR = '/etc/multigres/topo-tls';
/** Where the images keep the authorities that everybody trusts. */
const SYSTEM_CERTS = '/etc/ssl/certs';

const source = (name: string, keys: readonly string[]): unknown => ({
  secret: { name, items: keys.map((key) => ({ key, path: key })) },
});

/**
 * TLS of a component towards topology servers that others run. The runtime reads its flags only when
 * there is a client certificate. An authority alone is added to those of the system instead: Go reads
 * every file of the directories in SSL_CERT_DIR beside the system's own bundle. Both are settings of
 * the process: they hold for the global topology server and for those of all cells.
 */
export const topoTls = (ref: TopoRef): TopoTls => {
  const { caSecret, clientCertSecret } = ref;
  if (!caSecret && !clientCertSecret) return NONE;
  const sources = [
    ...(clientCertSecret ? [source(clientCertSecret, ['tls.crt', 'tls.key'])] : []),
    ...(caSecret ? [source(caSecret, ['ca.crt'])] : []),
  ];
  return {
    args: clientCertSecret
      ? flags({
          'topo-etcd-tls-cert': `${DIR}/tls.crt`,
          'topo-etcd-tls-key': `${DIR}/tls.key`,
          'topo-etcd-tls-ca': caSecret && `${DIR}/ca.crt`,
        })
      : [],
    env: clientCertSecret ? [] : [{ name: 'SSL_CERT_DIR', value: `${DIR}:${SYSTEM_CERTS}` }],
    volumes: [{ name: VOLUME, projected: { defaultMode: SECRET_MODE, sources } }],
    mounts: [{ name: VOLUME, mountPath: DIR, readOnly: true }],
  };
};
