import type { ResolvedCluster } from '../../schemas/resolve/types.ts';
import type { MultigresCluster } from '../../schemas/types.ts';
import { locate, locateInCell, pointer } from './locate.ts';

/** An image that the author or a template names; the operator's own defaults are not among them. */
interface NamedImage {
  image: string;
  /** Field of `spec.images`, or `etcd`. */
  component: string;
  path: string;
}

const COMPONENTS = [
  'multiadmin',
  'multiadminWeb',
  'multigateway',
  'multiorch',
  'multipooler',
  'postgres',
] as const;

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
  if (resolved?.globalTopo.kind === 'etcd') {
    add('etcd', resolved.globalTopo.etcd.image, () =>
      locate(
        cluster,
        ['spec', 'globalTopoServer', 'etcd', 'image'],
        ['spec', 'globalTopoServer', 'templateRef'],
        ['spec', 'templateDefaults', 'coreTemplate'],
      ),
    );
  }
  for (const { name, localTopo } of resolved?.cells ?? []) {
    add('etcd', localTopo?.etcd?.image, () =>
      locateInCell(cluster, name, 'localTopoServer', 'etcd', 'image'),
    );
  }
  return images;
}
