import type { ResolvedCluster } from '../../schemas/resolve/types.ts';
import type { ComponentImages, ImagePull } from '../../schemas/types.ts';
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
}

export const clusterScope = (
  resolved: ResolvedCluster,
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
    id: {
      cluster: resolved.name,
      namespace: resolved.namespace,
      projectRef: resolved.projectRef,
    },
  };
};
