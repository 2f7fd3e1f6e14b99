/** What can be told of an image by its reference alone. */

interface ImageReference {
  /** Registry and path, without tag and digest. */
  repository: string;
  tag?: string;
  digest?: string;
}

/** Splits `registry:5000/path:tag@sha256:...`. Any text gives something: nothing is judged here. */
export const parseImage = (image: string): ImageReference => {
  const [named = '', digest] = image.trim().split('@', 2);
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  return {
    repository: colon < 0 ? named : named.slice(0, colon),
    ...(colon < 0 ? {} : { tag: named.slice(colon + 1) }),
    ...(digest === undefined ? {} : { digest }),
  };
};

/** Tags that are moved to a new build as a matter of course: channels and names of branches. */
const MOVING: ReadonlySet<string> = new Set([
  'latest',
  'main',
  'master',
  'trunk',
  'head',
  'develop',
  'development',
  'dev',
  'edge',
  'canary',
  'nightly',
  'next',
  'snapshot',
  'unstable',
  'stable',
]);

/** The tag that moves, `latest` if none is given; undefined for a fixed tag or a digest. */
export const movingTag = (image: string): string | undefined => {
  const { tag = 'latest', digest } = parseImage(image);
  return digest === undefined && MOVING.has(tag.toLowerCase()) ? tag : undefined;
};

interface BadBuild {
  /** Of the whole repository. */
  repository: RegExp;
  /** Absent: every tag. */
  tag?: RegExp;
  /** Field of `spec.images` in which it cannot work; absent: any. */
  component?: string;
  /** Completes "this image ...". */
  why: string;
  /** What to use instead. */
  instead: string;
}

/**
 * Builds that are known not to work, each with the fact that shows it; nothing is guessed from
 * names or ages. The first release of the runtime came 302 commits before the build that the
 * operator runs by default, and lacks the calls and states that the operator relies on. The official
 * image of PostgreSQL is a likely slip for the image that has Postgres and pgctld.
 */
const BAD_BUILDS: readonly BadBuild[] = [
  {
    repository: /(^|\/)multigres\/(multigres|pgctld)$/,
    tag: /^v?0\.1\.0$/,
    why: 'is the first release: it knows no planned switchover, and none of the states by which the operator tells a serving from a leaving pooler',
    instead: 'the tag sha-66d2310 or a later build, or leave the field out',
  },
  {
    repository: /^((registry-1\.)?docker\.io\/|index\.docker\.io\/)?(library\/)?postgres$/,
    component: 'postgres',
    why: 'has no pgctld, which is what the container runs',
    instead:
      'an image with Postgres and pgctld, such as ghcr.io/multigres/pgctld, or leave the field out',
  },
];

/** The entry that says why this image cannot work as this component; undefined if none does. */
export const badBuild = (image: string, component: string): BadBuild | undefined => {
  const { repository, tag = 'latest' } = parseImage(image);
  return BAD_BUILDS.find(
    (bad) =>
      bad.repository.test(repository) &&
      (bad.tag === undefined || bad.tag.test(tag)) &&
      (bad.component === undefined || bad.component === component),
  );
};
