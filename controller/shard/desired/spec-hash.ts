import { hashOf } from '../../../schemas/canonical.ts';
import type { Container, Pod } from '../../../schemas/k8s.ts';
import { ANNOTATIONS } from '../../../schemas/labels.ts';

/** What of a container makes a new pod necessary. Probes, ports and pull policy do not. */
const containerPart = (container: Container): unknown => {
  const { name, image, command, args, env, resources, volumeMounts, securityContext } = container;
  return { name, image, command, args, env, resources, volumeMounts, securityContext };
};

/**
 * SHA-256 over everything that needs a new pod when it changes. It is taken of the pod as built,
 * never of the one read back: the API server adds defaults. Not in it: labels, other annotations,
 * probes, ports, pull settings, host name, and settings that Postgres reloads.
 *
 * Nothing of the operator's own goes in, no version and no time, so an upgrade of the operator replaces a pod only
 * if the builders make another one of the same Shard: a flag more, a new default image of the exporter. Each
 * such change restarts every database once and needs a line in the CHANGELOG; it shows as a changed hash in
 * test/cases/desired.
 */
export const specHash = (pod: Pod): string => {
  const { spec } = pod;
  if (spec === undefined) throw new Error(`Pod ${pod.metadata.name} has no spec`);
  return hashOf({
    initContainers: spec.initContainers?.map(containerPart),
    containers: spec.containers.map(containerPart),
    volumes: spec.volumes,
    affinity: spec.affinity,
    tolerations: spec.tolerations,
    nodeSelector: spec.nodeSelector,
    terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds,
    serviceAccountName: spec.serviceAccountName,
    securityContext: spec.securityContext,
    postgresConfig: pod.metadata.annotations?.[ANNOTATIONS.postgresConfigHash],
  });
};

/** The pod with its hash as annotation. */
export const withSpecHash = (pod: Pod): Pod => ({
  ...pod,
  metadata: {
    ...pod.metadata,
    annotations: { ...pod.metadata.annotations, [ANNOTATIONS.specHash]: specHash(pod) },
  },
});
