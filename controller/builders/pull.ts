import type { KubeObject, LocalObjectReference, PodSpec } from '../../schemas/k8s.ts';
import { nonEmpty } from '../../schemas/compact.ts';
import type { ImagePull, PullPolicy } from '../../schemas/types.ts';

/** How images are pulled; every container and every pod of a cluster gets it. */
export interface Pull {
  readonly policy: PullPolicy;
  readonly secrets: readonly LocalObjectReference[];
}

export const pullOf = (images: ImagePull): Pull => ({
  policy: images.imagePullPolicy ?? 'IfNotPresent',
  secrets: images.imagePullSecrets ?? [],
});

/**
 * A TopoServer has no field for these, so they travel as annotations of ours; without them etcd
 * could not be pulled from a private registry.
 */
const PULL_ANNOTATIONS = {
  policy: 'multigres.com/image-pull-policy',
  secrets: 'multigres.com/image-pull-secrets',
} as const;

export const pullAnnotations = (pull: Pull): Record<string, string> => {
  const secrets = pull.secrets.flatMap((secret) => secret.name ?? []).join(',');
  return {
    [PULL_ANNOTATIONS.policy]: pull.policy,
    ...(secrets !== '' && { [PULL_ANNOTATIONS.secrets]: secrets }),
  };
};

const POLICIES: readonly PullPolicy[] = ['Always', 'Never', 'IfNotPresent'];

export const pullFromAnnotations = ({ metadata: { annotations } }: KubeObject): Pull => ({
  policy:
    POLICIES.find((policy) => policy === annotations?.[PULL_ANNOTATIONS.policy]) ?? 'IfNotPresent',
  secrets: (annotations?.[PULL_ANNOTATIONS.secrets] ?? '')
    .split(',')
    .filter((name) => name !== '')
    .map((name) => ({ name })),
});

/**
 * What every pod has: no Service variables (their names collide with flags of the runtime that are
 * read from the environment) and no API token (nothing in a data plane pod talks to the API).
 */
export const podBase = (
  pull: Pull,
): Pick<PodSpec, 'enableServiceLinks' | 'automountServiceAccountToken' | 'imagePullSecrets'> => ({
  enableServiceLinks: false,
  automountServiceAccountToken: false,
  ...(nonEmpty(pull.secrets) && { imagePullSecrets: [...pull.secrets] }),
});
