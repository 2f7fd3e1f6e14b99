/** Which pods were disrupted when: pure sums over what a witness of pods heard. */
import type { PodMoment } from './pods.ts';

/** A pod that had been Ready was not usable from `from` to `to`. */
export interface Disruption {
  pod: string;
  from: number;
  /** Absent: it has not come back. */
  to?: number;
}

const usable = ({ gone, deleting, ready }: PodMoment): boolean => !gone && !deleting && ready;

/**
 * Times in which a pod that had once been Ready was leaving, absent or not Ready. A pod that is Ready
 * for the first time was not disrupted before.
 * @param asked pods that are to be there in the end; without one of the others nothing is missing once it is gone
 */
export function disruptions(
  moments: readonly PodMoment[],
  asked?: ReadonlySet<string>,
): Disruption[] {
  const found: Disruption[] = [];
  const seen = new Map<string, { ready: boolean; open?: Disruption }>();
  for (const moment of moments) {
    const known = seen.get(moment.pod) ?? { ready: false };
    seen.set(moment.pod, known);
    const removed = moment.gone && asked !== undefined && !asked.has(moment.pod);
    if (usable(moment) || (removed && known.open)) {
      known.ready = !removed;
      if (known.open) known.open.to = moment.at;
      delete known.open;
    } else if (known.ready && !known.open) {
      known.open = { pod: moment.pod, from: moment.at };
      found.push(known.open);
    }
  }
  return found;
}

/** Pairs of pods that were disrupted at the same time. */
export function together(found: readonly Disruption[]): [Disruption, Disruption][] {
  return found.flatMap((one, i) =>
    found
      .slice(i + 1)
      .filter((other) => other.pod !== one.pod)
      .filter((other) => other.from < (one.to ?? Infinity) && one.from < (other.to ?? Infinity))
      .map((other): [Disruption, Disruption] => [one, other]),
  );
}

/** Names of the pods whose deletion was asked for, in that order; a pod that went twice is there twice. */
export function deletions(moments: readonly PodMoment[]): { pod: string; at: number }[] {
  const uids = new Set<string>();
  return moments.flatMap(({ pod, uid, at, deleting, gone }) => {
    if (!(deleting || gone) || uids.has(uid)) return [];
    uids.add(uid);
    return [{ pod, at }];
  });
}
