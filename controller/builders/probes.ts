import type { Container, Probe } from '../../schemas/k8s.ts';

/**
 * Seconds a probe may take. multiorch's readiness asks etcd for up to 4 s, so the default of 1 s
 * would fail a healthy process.
 */
const TIMEOUT_SECONDS = 5;

const probe = (path: string, port: number, rest: Omit<Probe, 'httpGet'>): Probe => ({
  httpGet: { path, port },
  timeoutSeconds: TIMEOUT_SECONDS,
  ...rest,
});

export interface ProbePaths {
  startup: string;
  liveness: string;
  readiness: string;
}

/**
 * Startup asks whether the process is up (150 s), never whether others are: a gateway is not ready
 * before a pooler exists, and restarting it does not help.
 */
export const probes = (
  port: number,
  paths: ProbePaths,
): Required<Pick<Container, 'startupProbe' | 'livenessProbe' | 'readinessProbe'>> => ({
  startupProbe: probe(paths.startup, port, { periodSeconds: 1, failureThreshold: 150 }),
  livenessProbe: probe(paths.liveness, port, { periodSeconds: 10 }),
  readinessProbe: probe(paths.readiness, port, { periodSeconds: 5 }),
});

export const RUNTIME_PROBES: ProbePaths = {
  startup: '/live',
  liveness: '/live',
  readiness: '/ready',
};
