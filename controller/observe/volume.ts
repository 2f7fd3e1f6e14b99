/** Where the volume of a claim can be used, as its PersistentVolume says. Pure. */
import type { KubeObject } from '../../schemas/k8s.ts';
import type { NodeSelectorTerm } from '../builders/scheduling.ts';

interface VolumeShape {
  nodeAffinity?: { required?: { nodeSelectorTerms?: NodeSelectorTerm[] } };
}

const HOSTNAME = 'kubernetes.io/hostname';

/** Hosts on one of which the volume's data is; undefined where it is not tied to hosts. */
export const hostsOf = ({ spec }: KubeObject): string[] | undefined => {
  const terms = (spec as VolumeShape | undefined)?.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  const hosts = terms.map(({ matchExpressions = [], matchFields = [] }) => {
    const byHost = [
      ...matchExpressions.filter(({ key }) => key === HOSTNAME),
      ...matchFields.filter(({ key }) => key === 'metadata.name'),
    ].find(({ operator }) => operator === 'In');
    return byHost?.values;
  });
  // The terms are alternatives: one that names no host lets the volume be used anywhere.
  return hosts.length > 0 && hosts.every((names) => names !== undefined) ? hosts.flat() : undefined;
};

/** The first of these hosts that still is a node. */
export const livingHost = (
  hosts: readonly string[],
  nodes: Iterable<KubeObject>,
): string | undefined =>
  [...nodes]
    .flatMap(({ metadata: { name, labels } }) => [name, labels?.[HOSTNAME] ?? name])
    .find((name) => hosts.includes(name));
