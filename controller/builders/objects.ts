import type { KubeObject, PodSpec } from '../../schemas/k8s.ts';
import { nonEmpty } from '../../schemas/compact.ts';
import type { Stateless, Storage } from '../../schemas/types.ts';
import { childMeta, projectAnnotation, type Identity } from './meta.ts';
import { ANNOTATIONS, selectorOf } from '../../schemas/labels.ts';

/** Spec of a PersistentVolumeClaim; no class means the cluster's default class. */
export const claimSpec = (
  storage: Storage | undefined,
  fallbackSize: string,
): Record<string, unknown> => ({
  accessModes: nonEmpty(storage?.accessModes) ?? ['ReadWriteOnce'],
  resources: { requests: { storage: storage?.size ?? fallbackSize } },
  ...(storage?.class !== undefined && { storageClassName: storage.class }),
});

export const claim = (
  id: Identity,
  name: string,
  labels: Record<string, string>,
  spec: Record<string, unknown>,
): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: childMeta(id, name, labels),
  spec,
});

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

interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn';
  readonly values: readonly string[];
}

/**
 * `maxUnavailable` only for pods of a Deployment or StatefulSet: of other pods the API server knows
 * no wanted number and then refuses every eviction (measured on a real API server).
 */
export const podDisruptionBudget = (
  id: Identity,
  name: string,
  labels: Record<string, string>,
  budget: { minAvailable: number } | { maxUnavailable: number },
  requirement?: Requirement,
): KubeObject => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: childMeta(id, name, labels),
  spec: {
    ...budget,
    selector: {
      matchLabels: selectorOf(labels),
      ...(requirement && { matchExpressions: [requirement] }),
    },
  },
});

export interface ServiceOptions {
  readonly annotations?: Record<string, string>;
  /** Instead of the one made of the labels. */
  readonly selector?: Record<string, string>;
  /** Everything else of the spec. */
  readonly spec?: Record<string, unknown>;
}

/** A ClusterIP Service whose ports point at container ports of the same name. */
export const service = (
  id: Identity,
  name: string,
  labels: Record<string, string>,
  ports: Readonly<Record<string, number>>,
  options: ServiceOptions = {},
): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: childMeta(id, name, labels, options.annotations),
  spec: {
    type: 'ClusterIP',
    selector: options.selector ?? selectorOf(labels),
    ports: Object.entries(ports).map(([port, number]) => ({
      name: port,
      port: number,
      protocol: 'TCP',
      targetPort: port,
    })),
    ...options.spec,
  },
});

/** Pods must find each other before they are Ready: they become Ready through each other. */
export const UNREADY_TOO = { publishNotReadyAddresses: true } as const;
export const HEADLESS = { clusterIP: 'None', ...UNREADY_TOO } as const;
