import type { ResolvedCluster } from '../../schemas/resolve/types.ts';
import { compact } from '../../schemas/compact.ts';
import type { KubeObject } from '../../schemas/k8s.ts';
import { ANNOTATIONS } from '../../schemas/labels.ts';
import type { ComponentImages, ImagePull, MultigresCluster } from '../../schemas/types.ts';
import type { BuildContext } from '../builders/context.ts';
import type { Identity } from '../builders/meta.ts';
import { pullOf } from '../builders/pull.ts';

export type ClusterScope = ReturnType<typeof clusterScope>;

/** @throws if the image is not known; resolving images always gives all six. */
export const imageOf = ({ images }: ClusterScope, component: keyof ComponentImages): string => {
  const image = images[component];
  if (!image) throw new Error(`no image for ${component}; set spec.images.${component}`);
  return image;
};

/** Those of an object's annotations that it hands down: requests that a shard serves. */
export const handedDown = ({ metadata }: KubeObject): Record<string, string> =>
  compact({ [ANNOTATIONS.switchover]: metadata.annotations?.[ANNOTATIONS.switchover] }) as Record<
    string,
    string
  >;

/** What all builders of one cluster share. */
export const clusterScope = (
  resolved: ResolvedCluster,
  cluster: MultigresCluster,
  images: ComponentImages,
  ctx: BuildContext,
) => {
  const { name, namespace, projectRef, imagePullPolicy, imagePullSecrets } = resolved;
  const imagePull: ImagePull = compact({ imagePullPolicy, imagePullSecrets });
  return {
    resolved,
    images,
    imagePull,
    pull: pullOf(imagePull),
    ctx,
    /** Annotations of the cluster that its table groups and shards have to see. */
    handedDown: handedDown(cluster),
    id: { cluster: name, namespace, projectRef } satisfies Identity,
  };
};
