import { COMPONENTS } from '../../schemas/images.ts';
import type { ResolvedCluster } from '../../schemas/resolve/types.ts';
import type { MultigresCluster } from '../../schemas/types.ts';
import { pointer } from './locate.ts';
import { etcdsOf } from './topology.ts';

/** An image that the author or a template names; the operator's own defaults are not among them. */
interface NamedImage {
  image: string;
  /** Field of `spec.images`, or `etcd`. */
  component: string;
  path: string;
}

/** Every image that the manifest or its templates name. */
export function namedImages(
  cluster: MultigresCluster,
  resolved: ResolvedCluster | undefined,
): NamedImage[] {
  const images: NamedImage[] = [];
  const add = (component: string, image: string | undefined, path: () => string): void => {
    if (image) images.push({ component, image, path: path() });
  };
  for (const component of COMPONENTS) {
    const image = cluster.spec?.images?.[component];
    add(component, image, () => pointer('spec', 'images', component));
  }
  for (const { etcd, at } of resolved ? etcdsOf(cluster, resolved) : []) {
    add('etcd', etcd.image, () => at('image'));
  }
  return images;
}
