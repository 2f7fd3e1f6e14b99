import { badBuild } from '../../../schemas/image-builds.ts';
import { COMPONENTS } from '../../../schemas/images.ts';
import type { ResolvedCluster } from '../../../schemas/resolve/types.ts';
import type { MultigresCluster } from '../../../schemas/types.ts';
import { pointer } from '../locate.ts';
import { etcdsOf } from '../topology.ts';
import { CLUSTER_WRITES, type Policy } from '../policy.ts';
import { findNew } from '../stored.ts';

export const imageBuilds: Policy = {
  id: 'image-builds',
  code: 'MG061',
  ...CLUSTER_WRITES,
  mode: 'deny',
  summary: 'No image is of a build that is known not to work with this operator.',
  description: `Refused are only builds of which it is known: the release 0.1.0 of the runtime, which has
no planned switchover and none of the states that the operator reads (lifecycle, quarantine, routing), and
the official image of PostgreSQL in place of the one with Postgres and pgctld. Any other image is taken
as it is, since nobody can tell a build by its name. Images of your own are free to be named as you like.`,
  good: `images:
  multipooler: ghcr.io/multigres/multigres:sha-66d2310`,
  bad: `images:
  multipooler: ghcr.io/multigres/multigres:v0.1.0
  postgres: postgres:17 # has no pgctld`,
  check: (ctx) =>
    findNew(ctx, (cluster, resolved) =>
      namedImages(cluster, resolved).flatMap(({ image, component, path }) => {
        const bad = badBuild(image, component);
        if (!bad) return [];
        return {
          path,
          value: image,
          message: `the image ${image} cannot be run as ${component}: it ${bad.why}`,
          brief: `the image for ${component} is known not to work: leave the field out to get one that does`,
          allowed: 'builds that work with this operator',
          fix: `use ${bad.instead}`,
        };
      }),
    ),
};

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
  const etcds = resolved ? etcdsOf(cluster, resolved) : [];
  return [
    ...COMPONENTS.map((component) => ({
      component,
      image: cluster.spec?.images?.[component],
      path: pointer('spec', 'images', component),
    })),
    ...etcds.map(({ etcd, at }) => ({ component: 'etcd', image: etcd.image, path: at('image') })),
  ].flatMap(({ image, ...rest }) => (image ? { image, ...rest } : []));
}
