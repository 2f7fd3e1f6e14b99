import type { KubeObject, ObjectMeta } from '../../schemas/k8s.ts';
import { ANNOTATIONS, LABELS, standardLabels } from '../../schemas/labels.ts';
import { compact, nonEmpty } from '../../schemas/compact.ts';

export interface Identity {
  readonly cluster: string;
  readonly namespace: string;
  /** For attribution of logs and metrics; the cluster's name unless the user gave another. */
  readonly projectRef: string;
}

export const identityOf = (object: KubeObject): Identity => {
  const { labels, annotations, name, namespace } = object.metadata;
  const isCluster = object.kind === 'MultigresCluster';
  const cluster = (isCluster ? undefined : labels?.[LABELS.cluster]) ?? name;
  return {
    cluster,
    namespace: namespace ?? 'default',
    projectRef: annotations?.[ANNOTATIONS.projectRef] ?? cluster,
  };
};

export const projectAnnotation = (id: Identity): Record<string, string> => ({
  [ANNOTATIONS.projectRef]: id.projectRef,
});

/** Metadata of a child. Standard labels win over `extra`. */
export const childMeta = (
  id: Identity,
  name: string,
  labels: Record<string, string>,
  annotations?: Record<string, string>,
): ObjectMeta =>
  compact({ name, namespace: id.namespace, labels, annotations: nonEmpty(annotations) });

/** A child of one of our own kinds: what its parent knows of the project is handed down. */
export const ownChild = <Spec extends object>(
  id: Identity,
  kind: 'TopoServer' | 'Cell' | 'TableGroup' | 'Shard',
  { name, labels = {}, annotations }: Pick<ObjectMeta, 'name' | 'labels' | 'annotations'>,
  spec: Spec,
) => ({
  apiVersion: 'multigres.com/v1alpha1',
  kind,
  metadata: childMeta(id, name, labels, { ...projectAnnotation(id), ...annotations }),
  spec: compact(spec),
});

export const childLabels = (
  id: Identity,
  component: string,
  extra: Record<string, string> = {},
): Record<string, string> => ({ ...extra, ...standardLabels(id.cluster, component) });
