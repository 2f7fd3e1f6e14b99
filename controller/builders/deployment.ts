import type { KubeObject, PodSpec } from '../../schemas/k8s.ts';
import { ANNOTATIONS, selectorOf } from '../../schemas/labels.ts';
import type { Stateless } from '../../schemas/types.ts';
import { childMeta, projectAnnotation, type Identity } from './meta.ts';

/** New pods first: with fewer gateways than asked for, clients are cut off. */
const ROLLING = {
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
  /** Default `ROLLING`. */
  readonly strategy?: Record<string, unknown>;
  readonly pod: PodSpec;
}

export const deployment = (
  id: Identity,
  { name, labels, stateless, strategy = ROLLING, pod }: DeploymentParts,
): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: childMeta(id, name, labels),
  spec: {
    replicas: stateless.replicas ?? 1,
    strategy,
    selector: { matchLabels: selectorOf(labels) },
    template: {
      metadata: {
        labels: { ...stateless.podLabels, ...labels },
        annotations: { ...userAnnotations(stateless.podAnnotations), ...projectAnnotation(id) },
      },
      spec: pod,
    },
  },
});
