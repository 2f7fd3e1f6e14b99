import type { KubeObject } from '../../schemas/k8s.ts';
import { selectorOf } from '../../schemas/labels.ts';
import { childMeta, type Identity } from './meta.ts';

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
