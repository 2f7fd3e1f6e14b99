import type { EnvVar } from '../../schemas/k8s.ts';

export const envOf = (values: Readonly<Record<string, string>>): EnvVar[] =>
  Object.entries(values).map(([name, value]) => ({ name, value }));

export const envField = (name: string, fieldPath: string): EnvVar => ({
  name,
  valueFrom: { fieldRef: { fieldPath } },
});

export const envSecret = (name: string, secret: string, key: string): EnvVar => ({
  name,
  valueFrom: { secretKeyRef: { name: secret, key } },
});

/** Names of the pod for use as `$(NAME)` in arguments; must come before variables that expand them. */
export const POD_NAME = envField('POD_NAME', 'metadata.name');
export const POD_NAMESPACE = envField('POD_NAMESPACE', 'metadata.namespace');
export const POD_IP = envField('POD_IP', 'status.podIP');

/**
 * Without it each new gRPC connection first asks DNS for a TXT record that leaves the cluster's
 * zone: 4 s per connection where the upstream resolver does not answer (measured on kind).
 */
export const GRPC_NO_TXT: EnvVar = { name: 'GRPC_ENABLE_TXT_SERVICE_CONFIG', value: 'false' };
