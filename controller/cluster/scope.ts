import type { ResolvedCluster } from '../../schemas/resolve/types.ts';
import type { KubeObject } from '../../schemas/k8s.ts';
import { ANNOTATIONS } from '../../schemas/labels.ts';
import type { ComponentImages, ImagePull, MultigresCluster } from '../../schemas/types.ts';
import type { BuildContext } from '../builders/context.ts';
import type { Identity } from '../builders/meta.ts';
import { pullOf, type Pull } from '../builders/pull.ts';

/** What all builders of one cluster share. */
export interface ClusterScope {
  readonly resolved: ResolvedCluster;
  readonly id: Identity;
  readonly images: ComponentImages;
  readonly imagePull: ImagePull;
  readonly pull: Pull;
  readonly ctx: BuildContext;
  /** Annotations of the cluster that its table groups and shards have to see. */
  readonly handedDown: Record<string, string>;
}

/** Requests that a shard serves, and that are made of the cluster. */
const HANDED_DOWN = [ANNOTATIONS.switchover] as const;

/** Those of an object's annotations that it hands down. */
export const handedDown = ({ metadata }: KubeObject): Record<string, string> =>
  Object.fromEntries(
    HANDED_DOWN.flatMap((key) => {
      const value = metadata.annotations?.[key];
      return value === undefined ? [] : [[key, value]];
    }),
  );

export const clusterScope = (
  resolved: ResolvedCluster,
  cluster: MultigresCluster,
  images: ComponentImages,
  ctx: BuildContext,
): ClusterScope => {
  const imagePull: ImagePull = {
    imagePullPolicy: resolved.imagePullPolicy,
    ...(resolved.imagePullSecrets !== undefined && { imagePullSecrets: resolved.imagePullSecrets }),
  };
  return {
    resolved,
    images,
    imagePull,
    pull: pullOf(imagePull),
    ctx,
    handedDown: handedDown(cluster),
    id: {
      cluster: resolved.name,
      namespace: resolved.namespace,
      projectRef: resolved.projectRef,
    },
  };
};
