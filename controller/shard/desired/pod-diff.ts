import type { Pod } from '../../../schemas/k8s.ts';
import { ANNOTATIONS } from '../../../schemas/labels.ts';

const imagesOf = (pod: Pod): string =>
  [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]
    .map(({ name, image }) => `${name}=${image}`)
    .toSorted()
    .join(' ');

/** Why a pod must be replaced, in words; empty when it need not. */
export const whyReplaced = (wanted: Pod, observed: Pod): string[] =>
  wanted.metadata.annotations?.[ANNOTATIONS.specHash] !==
    observed.metadata.annotations?.[ANNOTATIONS.specHash] || imagesOf(wanted) !== imagesOf(observed)
    ? ['specification changed']
    : [];
