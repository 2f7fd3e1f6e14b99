import { movingTag, parseImage } from '../../../schemas/image-builds.ts';
import { namedImages } from './image-builds.ts';
import { clusterOf } from '../locate.ts';
import { CLUSTER_WRITES, type Policy } from '../policy.ts';

export const imageTags: Policy = {
  id: 'image-tags',
  code: 'MG060',
  ...CLUSTER_WRITES,
  mode: 'warn',
  summary: 'An image whose tag moves is not pulled with IfNotPresent.',
  description: `Under \`imagePullPolicy: IfNotPresent\`, the default, a Node keeps the build that it pulled
first. With a tag such as \`latest\` or \`main\`, or none, each Node may run another build, and a Pod that
moves may change it. Name a fixed tag or, better, a digest.`,
  good: `images:
  postgres: ghcr.io/multigres/pgctld:sha-66d2310`,
  bad: `images:
  postgres: ghcr.io/multigres/pgctld:main`,
  check(ctx) {
    const cluster = clusterOf(ctx);
    if ((cluster.spec?.images?.imagePullPolicy ?? 'IfNotPresent') !== 'IfNotPresent') return [];
    return namedImages(cluster, ctx.resolved()).flatMap(({ image, component, path }) => {
      const tag = movingTag(image);
      if (tag === undefined) return [];
      const [what, briefly] =
        parseImage(image).tag === undefined
          ? ['has no tag, which means latest,', 'has no tag and moves']
          : [`has the tag ${tag}, which moves,`, `moves with its tag ${tag}`];
      return {
        path,
        value: image,
        message: `the image ${what} and under IfNotPresent each Node keeps the build that it pulled first`,
        brief: `the image for ${component} ${briefly}: name a fixed tag or a digest`,
        allowed: 'a tag of one build, or a digest (@sha256:...)',
        fix: 'name a fixed tag or a digest, or set spec.images.imagePullPolicy: Always',
      };
    });
  },
};
