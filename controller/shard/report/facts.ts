/** What the phase, the message and the conditions are made of. Pure. */
import { crashLoop, isReady } from '../../observe/pods.ts';
import { workloadOf } from '../../observe/workload.ts';
import { COMPONENTS, LABELS } from '../../../schemas/labels.ts';
import { healthOf, whyReplace } from '../state/health.ts';
import type { ShardState } from '../state/state.ts';

export interface Facts {
  ready: number;
  poolsReady: boolean;
  orchReady: boolean;
  serving: boolean;
  complete: boolean;
  unknown: boolean;
  served: boolean;
  /** A pod has to go, or is on its way out. */
  changing: boolean;
  /** This reading found something missing, for a shorter time than counts. */
  blip: boolean;
  /** Pods that keep failing, in words. */
  crashes: string[];
}

/** A healthy shard stays so through a lack this short: one reading under load proves nothing. */
const LACK_MS = 10_000;

const orchWanted = ({ desired }: ShardState): number =>
  (desired?.objects ?? []).filter(
    ({ kind, metadata }) =>
      kind === 'Deployment' && metadata.labels?.[LABELS.component] === COMPONENTS.multiorch,
  ).length;

export const factsOf = (state: ShardState): Facts => {
  const wanted = state.members.filter(({ desired }) => desired !== undefined);
  const pods = wanted.flatMap(({ observed }) => observed ?? []);
  const ready = pods.filter(isReady).length;
  const orchs = state.objects.orchDeployments.map(workloadOf);
  const { serving, complete, unknown } = healthOf(state);
  const blip =
    state.shard.status?.phase === 'Healthy' &&
    state.incompleteSinceMs !== undefined &&
    state.nowMs - state.incompleteSinceMs < LACK_MS;
  const crashes = [...pods, ...state.objects.orchPods].flatMap((pod) => {
    const why = crashLoop(pod);
    return why === undefined ? [] : [`${pod.metadata.name} ${why}`];
  });
  const asked = orchWanted(state);
  return {
    ready,
    poolsReady: wanted.length > 0 && ready === wanted.length,
    orchReady: asked > 0 && orchs.length >= asked && orchs.every(({ allReady }) => allReady),
    serving,
    complete: complete || (serving && blip),
    unknown,
    served: state.started || serving,
    changing: state.members.some(
      (member) =>
        member.phase !== undefined ||
        (member.observed !== undefined &&
          (member.desired === undefined || whyReplace(state, member).length > 0)),
    ),
    blip: blip && serving && !complete,
    crashes,
  };
};
