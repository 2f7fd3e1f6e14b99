/** The whole status of a Shard, computed once per pass. Pure. */
import { compact } from '../../../schemas/compact.ts';
import { ANNOTATIONS } from '../../../schemas/labels.ts';
import type { Phase, Shard, ShardStatus } from '../../../schemas/types.ts';
import { isoSeconds } from '../../../schemas/text.ts';
import { isTerminating, troubles } from '../../observe/pods.ts';
import type { Plan } from '../state/action.ts';
import { healthOf } from '../state/health.ts';
import { withPlaces } from '../state/places.ts';
import { reloadTrouble } from '../state/reload.ts';
import type { ShardState } from '../state/state.ts';
import { isAnswered, requestedSwitch, switchingOf } from '../state/switching.ts';
import { keptText } from '../desired/postgres-floor.ts';
import { backupReport } from './backups.ts';
import { shardConditions } from './conditions.ts';
import { factsOf, type Facts } from './facts.ts';
import { poolerStatus } from './poolers.ts';
import { problemText, progress } from './progress.ts';

const phaseOf = (state: ShardState, facts: Facts): Phase => {
  if (facts.crashes.length > 0 || reloadTrouble(state) !== undefined) return 'Degraded';
  const down = facts.served && !facts.serving && !facts.unknown;
  if (down && !state.removal) return 'Degraded';
  const complete = facts.poolsReady && facts.orchReady && facts.serving && facts.complete;
  return complete && !facts.changing && !state.removal ? 'Healthy' : 'Progressing';
};

/** Each part once, the gravest first; "Degraded" says which part is. */
const messageOf = (
  state: ShardState,
  plan: Plan,
  facts: Facts,
  failure: string | undefined,
): string => {
  const { shard, secrets, problem, problems } = state;
  const orchestrators = [
    'multiorch is not ready in every cell',
    ...troubles(state.objects.orchPods, 1),
  ];
  const election = facts.serving ? undefined : problemText(problems);
  const parts = [
    ...secrets,
    problem,
    reloadTrouble(state),
    failure,
    ...facts.crashes.slice(0, 2),
    ...plan.held
      .filter(({ reason }) => !secrets.includes(reason))
      .map(({ pod, reason }) => `${pod} is held back: ${reason}`),
    ...(facts.blip && facts.poolsReady ? [shard.status?.message ?? ''] : progress(state)),
    facts.orchReady || state.removal ? undefined : orchestrators.join(': '),
    election,
    state.removal && 'being removed',
  ].filter((part) => part !== undefined);
  return [...new Set(parts)].slice(0, 6).join('; ');
};

const doingOf = ({ doing, blocked }: Plan): string | undefined => {
  const texts = [
    ...doing.map(({ pod, reason }) => `${pod}: ${reason}`),
    ...blocked.map(({ pod, reason }) => `${pod} waits: ${reason}`),
  ];
  return [...new Set(texts)].slice(0, 4).join('; ') || undefined;
};

const configOf = (state: ShardState): ShardStatus['postgresConfig'] => {
  const before = state.shard.status?.postgresConfig;
  if (state.problem !== undefined) {
    return { ...before, inProgress: false, error: state.problem };
  }
  const config = state.desired?.config;
  if (!config) return before;
  const live = [...state.objects.pods.values()].filter((pod) => !isTerminating(pod));
  const confirmed =
    live.length > 0 &&
    live.every(
      ({ metadata: { annotations } }) =>
        annotations?.[ANNOTATIONS.postgresConfigHash] === config.restartHash &&
        annotations[ANNOTATIONS.postgresReloadHash] === config.reloadHash,
    );
  const { lastAppliedAt } = before ?? {};
  const kept = keptText(config.kept);
  const wasConfirmed = before?.inProgress === false && (before.error ?? kept) === kept;
  const at =
    confirmed && !(wasConfirmed && lastAppliedAt) ? isoSeconds(state.nowMs) : lastAppliedAt;
  const error = reloadTrouble(state) ?? kept;
  return compact({ inProgress: !confirmed, lastAppliedAt: at, error });
};

const cellsOf = (shard: Shard): string[] => {
  const pools = Object.values(shard.spec?.pools ?? {}).flatMap(({ cells }) => cells ?? []);
  return [...new Set([...pools, ...(shard.spec?.multiorch.cells ?? [])])].toSorted();
};

const lastBackup = ({ shard, backups, nowMs }: ShardState) => {
  if (backups) return backupReport(backups, nowMs, shard.metadata.generation).status;
  const { lastBackupTime, lastBackupType } = shard.status ?? {};
  return { lastBackupTime, lastBackupType };
};

/** How the switchover that a user asked for goes, or went. */
const switchoverOf = (state: ShardState, plan: Plan): ShardStatus['switchover'] => {
  const { shard, nowMs } = state;
  const request = requestedSwitch(shard);
  if (request === undefined || isAnswered(shard, request)) return shard.status?.switchover;
  const member = state.members.find(({ phase }) => phase?.request === request);
  const switching = member && switchingOf(state, member);
  if (!member?.phase || !switching || switching.state === 'none') {
    const why = [...plan.blocked, ...plan.doing][0];
    const message = why ? `${why.pod}: ${why.reason}` : 'waits for its turn';
    return { request, phase: 'Pending', message };
  }
  const { switch: moved, requestedMs } = member.phase;
  const startedAt = isoSeconds(moved?.firstMs ?? requestedMs);
  const common = { request, from: member.pod, startedAt };
  if (switching.state === 'failed') {
    const message = `${switching.reason}; the primary is as before`;
    return { ...common, phase: 'Failed', finishedAt: isoSeconds(nowMs), message };
  }
  if (switching.state !== 'moved' || !healthOf(state).serving) {
    return { ...common, phase: 'InProgress', message: 'another pooler is being elected' };
  }
  return {
    ...common,
    phase: 'Completed',
    to: switching.to.pod,
    finishedAt: isoSeconds(nowMs),
    // From the request that worked to the new primary: writes pause for no longer than that.
    pausedMs: Math.max(nowMs - (moved?.lastMs ?? nowMs), 0),
  };
};

/** @param failure what could not be written in this pass */
export const shardStatus = (state: ShardState, plan: Plan, failure?: string): ShardStatus => {
  const facts = factsOf(state);
  const told = (text: string): string => withPlaces(state, text);
  const message = messageOf(state, plan, facts, failure);
  const doing = doingOf(plan);
  const switchover = switchoverOf(state, plan);
  const conditions = shardConditions(state, plan, facts, message);
  return compact({
    observedGeneration: state.shard.metadata.generation,
    phase: phaseOf(state, facts),
    message: told(message),
    cells: cellsOf(state.shard),
    orchReady: facts.orchReady,
    poolsReady: facts.poolsReady,
    readyReplicas: facts.ready,
    ...poolerStatus(state),
    doing: doing && told(doing),
    switchover: switchover?.message
      ? { ...switchover, message: told(switchover.message) }
      : switchover,
    ...lastBackup(state),
    postgresConfig: configOf(state),
    conditions: conditions.map((one) => ({ ...one, message: told(one.message) })),
  });
};
