import { badBuild } from '../../../schemas/image-builds.ts';
import { namedImages } from '../images.ts';
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
