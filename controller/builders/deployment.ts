import type { KubeObject, PodSpec } from '../../schemas/k8s.ts';
import { selectorOf } from '../../schemas/labels.ts';
import { ANNOTATIONS } from '../../schemas/labels.ts';
import type { Stateless } from '../../schemas/types.ts';
import { childMeta, type Identity } from './meta.ts';

/** New pods first: with fewer gateways than asked for, clients are cut off. */
export const ROLLING = {
  type: 'RollingUpdate',
  rollingUpdate: { maxSurge: 1, maxUnavailable: 0 },
} as const;

/** For pods with a fixed identity: the old one must be gone before the new one starts. */
export const RECREATE = { type: 'Recreate' } as const;

/** The exporter's discovery annotations would make Prometheus scrape a pod that has no metrics. */
const SCRAPE: readonly string[] = [
  ANNOTATIONS.prometheusScrape,
  ANNOTATIONS.prometheusPort,
  ANNOTATIONS.prometheusPath,
];

const userAnnotations = (annotations: Record<string, string> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(annotations).filter(([key]) => !SCRAPE.includes(key)));

interface DeploymentParts {
  readonly name: string;
  readonly labels: Record<string, string>;
  /** Replicas and the user's labels and annotations of the pods. */
  readonly stateless: Stateless;
  readonly strategy: Record<string, unknown>;
  readonly podAnnotations?: Record<string, string>;
  readonly pod: PodSpec;
}

export const deployment = (id: Identity, parts: DeploymentParts): KubeObject => {
  const annotations = {
    ...userAnnotations(parts.stateless.podAnnotations),
    ...parts.podAnnotations,
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: childMeta(id, parts.name, parts.labels),
    spec: {
      replicas: parts.stateless.replicas ?? 1,
      strategy: parts.strategy,
      selector: { matchLabels: selectorOf(parts.labels) },
      template: {
        metadata: {
          labels: { ...parts.stateless.podLabels, ...parts.labels },
          ...(Object.keys(annotations).length > 0 && { annotations }),
        },
        spec: parts.pod,
      },
    },
  };
};
