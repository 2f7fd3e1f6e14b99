import { names } from '../../schemas/names.ts';
import type { InternalTls } from '../../schemas/types.ts';
import { flags } from './args.ts';
import type { Identity } from './meta.ts';
import type { PodPart } from './pod.ts';
import { SECRET_MODE } from './security.ts';

/** Components with a certificate for calls inside the cluster. */
export const TLS_COMPONENTS = ['multiadmin', 'multigateway', 'multiorch', 'multipooler'] as const;
export type TlsComponent = (typeof TLS_COMPONENTS)[number];

export type Tls = Required<Omit<PodPart, 'env'>>;

const NONE: Tls = { args: [], volumes: [], mounts: [] };

/** Directory and volume per component; the paths are upstream's. */
const PLACES: Record<TlsComponent, { volume: string; dir: string }> = {
  multiadmin: { volume: 'tls-certs', dir: '/etc/multiadmin/tls' },
  multigateway: { volume: 'tls-certs-internal', dir: '/etc/multigateway/tls-internal' },
  multiorch: { volume: 'tls-certs', dir: '/etc/multigres/tls' },
  multipooler: { volume: 'tls-certs', dir: '/etc/multigres/tls' },
};

/** A Secret of certificates, read only. */
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
