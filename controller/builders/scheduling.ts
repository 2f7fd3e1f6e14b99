import type { Affinity, PodSpec, Toleration } from '../../schemas/k8s.ts';
import { compact, nonEmpty } from '../../schemas/compact.ts';
import { NODE_LABELS, ZONE_LABELS } from '../../schemas/labels.ts';
import type { BuildContext } from './context.ts';

const HOST_KEY = 'kubernetes.io/hostname';

type Requirement = { key: string; operator: string; values?: string[] };
export type NodeSelectorTerm = Partial<Record<'matchExpressions' | 'matchFields', Requirement[]>>;
interface NodeAffinity {
  requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms?: NodeSelectorTerm[] };
  [other: string]: unknown;
}

/**
 * The place of a cell as alternatives. A zone id may stand under several node labels (AWS has zone
 * ids and zone names, other platforms names only), any of which will do; other labels must match.
 */
export const placeTerms = (
  place: Readonly<Record<string, string>>,
  zoneKeys: readonly string[] = ZONE_LABELS,
): NodeSelectorTerm[] => {
  const { [NODE_LABELS.zoneId]: zoneId, ...others } = place;
  const isIn = (key: string, value: string) => ({ key, operator: 'In', values: [value] });
  const fixed = Object.entries(others).map(([key, value]) => isIn(key, value));
  if (zoneId !== undefined) {
    return zoneKeys.map((key) => ({ matchExpressions: [isIn(key, zoneId), ...fixed] }));
  }
  return fixed.length === 0 ? [] : [{ matchExpressions: fixed }];
};

/** Terms are alternatives, so "place AND the user's rule" is each place with each rule. */
const crossTerms = (places: NodeSelectorTerm[], rules: NodeSelectorTerm[]): NodeSelectorTerm[] =>
  places.flatMap((place) =>
    rules.map((rule) => ({
      ...rule,
      matchExpressions: [...(place.matchExpressions ?? []), ...(rule.matchExpressions ?? [])],
    })),
  );

const matchesSomething = (term: NodeSelectorTerm): boolean =>
  nonEmpty(term.matchExpressions) !== undefined || nonEmpty(term.matchFields) !== undefined;

const nodeAffinity = (user: NodeAffinity | undefined, places: NodeSelectorTerm[]): NodeAffinity => {
  const rules = user?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  if (places.length === 0) return user ?? {};
  // An empty term matches no node; joined with a place it would match, so it is left out.
  const usable = rules.filter(matchesSomething);
  if (rules.length > 0 && usable.length === 0) return user ?? {};
  return {
    ...user,
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: usable.length === 0 ? places : crossTerms(places, usable),
    },
  };
};

/**
 * Keeps pods of one group off one host, and, where the place leaves a choice, off one zone.
 * Preferred only: a cluster with fewer nodes than pods must still start.
 */
const spreadOut = (selector: Record<string, string>): Affinity => ({
  preferredDuringSchedulingIgnoredDuringExecution: [
    { topologyKey: HOST_KEY, weight: 100 },
    { topologyKey: NODE_LABELS.zone, weight: 50 },
  ].map(({ topologyKey, weight }) => ({
    weight,
    podAffinityTerm: { labelSelector: { matchLabels: selector }, topologyKey },
  })),
});

export interface Scheduling {
  /** Node labels of the cell; empty: anywhere. */
  readonly place?: Readonly<Record<string, string>> | undefined;
  /** The user's own affinity. Its podAntiAffinity replaces ours; its node rules are added to the place. */
  readonly affinity?: Affinity | undefined;
  readonly tolerations?: Toleration[] | undefined;
  /** Selects the pods that should not share a host. */
  readonly spread: Record<string, string>;
}

export const scheduling = (
  wish: Scheduling,
  ctx: Pick<BuildContext, 'zoneKeys'>,
): Pick<PodSpec, 'affinity' | 'tolerations'> => {
  const { affinity: user = {}, place = {}, spread } = wish;
  const node = nodeAffinity(user['nodeAffinity'] as NodeAffinity, placeTerms(place, ctx.zoneKeys));
  return compact({
    affinity: {
      ...user,
      ...(nonEmpty(node) && { nodeAffinity: node }),
      podAntiAffinity: user['podAntiAffinity'] ?? spreadOut(spread),
    },
    tolerations: nonEmpty(wish.tolerations),
  });
};
