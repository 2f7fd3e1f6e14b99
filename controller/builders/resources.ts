import type { ResourceRequirements } from '../../schemas/k8s.ts';

const resources = (cpu: string, memory: string, limit: string): ResourceRequirements => ({
  requests: { cpu, memory },
  limits: { memory: limit },
});

/**
 * For children made by hand; those of a cluster come resolved. No CPU limit anywhere: throttling a
 * database costs more than it protects.
 */
export const ETCD_RESOURCES = resources('100m', '256Mi', '512Mi');
export const GATEWAY_RESOURCES = resources('100m', '128Mi', '256Mi');
export const ORCH_RESOURCES = resources('50m', '64Mi', '128Mi');
export const ADMIN_RESOURCES = resources('100m', '128Mi', '256Mi');
export const WEB_RESOURCES = resources('50m', '64Mi', '128Mi');
export const POSTGRES_RESOURCES = resources('100m', '256Mi', '512Mi');
export const MULTIPOOLER_RESOURCES = resources('100m', '128Mi', '256Mi');
/** The API has no field for it; measured on kind: 3 MiB at the peak. */
export const EXPORTER_RESOURCES = resources('10m', '16Mi', '64Mi');
