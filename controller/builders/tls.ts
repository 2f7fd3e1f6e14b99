import { names } from '../../schemas/names.ts';
import type { InternalTls, TopoRef } from '../../schemas/types.ts';
import { flags } from './args.ts';
import type { Identity } from './meta.ts';
import type { PodPart } from './pod.ts';
import { SECRET_MODE } from './security.ts';

/** Components with a certificate for calls inside the cluster. */
export const TLS_COMPONENTS = ['multiadmin', 'multigateway', 'multiorch', 'multipooler'] as const;
export type TlsComponent = (typeof TLS_COMPONENTS)[number];

export type Tls = Omit<TopoTls, 'env'>;
export type TopoTls = Required<PodPart>;

const NONE: TopoTls = { args: [], env: [], volumes: [], mounts: [] };

/** Directory and volume per component; the paths are upstream's. */
const PLACES: Record<TlsComponent, { volume: string; dir: string }> = {
  multiadmin: { volume: 'tls-certs', dir: '/etc/multiadmin/tls' },
  multigateway: { volume: 'tls-certs-internal', dir: '/etc/multigateway/tls-internal' },
  multiorch: { volume: 'tls-certs', dir: '/etc/multigres/tls' },
  multipooler: { volume: 'tls-certs', dir: '/etc/multigres/tls' },
};

const certVolume = (volume: string, secret: string, dir: string): Omit<Tls, 'args'> => ({
  volumes: [{ name: volume, secret: { secretName: secret, defaultMode: SECRET_MODE } }],
  mounts: [{ name: volume, mountPath: dir, readOnly: true }],
});

/**
 * Mutual TLS of a component. All but the pooler also call others and then check one name for all
 * of them: that of the poolers.
 */
export const internalTls = (
  spec: InternalTls | undefined,
  component: TlsComponent,
  id: Identity,
): Tls => {
  if (spec?.enabled !== true) return NONE;
  const { volume, dir } = PLACES[component];
  const server = flags({
    'grpc-cert': `${dir}/tls.crt`,
    'grpc-key': `${dir}/tls.key`,
    'grpc-ca': `${dir}/ca.crt`,
    'grpc-server-ca': `${dir}/ca.crt`,
  });
  const client = flags({
    'multipooler-grpc-cert': `${dir}/tls.crt`,
    'multipooler-grpc-key': `${dir}/tls.key`,
    'multipooler-grpc-ca': `${dir}/ca.crt`,
    'multipooler-grpc-server-name': names.internalTls('multipooler', id.cluster, id.namespace),
    'multipooler-grpc-require-tls': true,
  });
  return {
    args: component === 'multipooler' ? server : [...server, ...client],
    ...certVolume(volume, names.internalTls(component, id.cluster, id.namespace), dir),
  };
};

/**
 * Secret of the certificate that clients of the gateways see. Named by cluster: with one fixed name
 * two clusters of a namespace would share and overwrite it.
 */
export const publicCertSecret = (cluster: string): string => `${cluster}-generated-certs`;

export const publicTls = (commonName: string | undefined, id: Identity): Tls => {
  if (commonName === undefined || commonName === '') return NONE;
  const dir = '/etc/multigateway/tls';
  return {
    args: flags({ 'pg-tls-cert-file': `${dir}/tls.crt`, 'pg-tls-key-file': `${dir}/tls.key` }),
    ...certVolume('tls-certs', publicCertSecret(id.cluster), dir),
  };
};

const TOPO_VOLUME = 'topo-tls';
const TOPO_DIR = '/etc/multigres/topo-tls';
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
          'topo-etcd-tls-cert': `${TOPO_DIR}/tls.crt`,
          'topo-etcd-tls-key': `${TOPO_DIR}/tls.key`,
          'topo-etcd-tls-ca': caSecret && `${TOPO_DIR}/ca.crt`,
        })
      : [],
    env: clientCertSecret ? [] : [{ name: 'SSL_CERT_DIR', value: `${TOPO_DIR}:${SYSTEM_CERTS}` }],
    volumes: [{ name: TOPO_VOLUME, projected: { defaultMode: SECRET_MODE, sources } }],
    mounts: [{ name: TOPO_VOLUME, mountPath: TOPO_DIR, readOnly: true }],
  };
};
