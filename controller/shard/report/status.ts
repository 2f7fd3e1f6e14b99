/** The whole status of a Shard, computed once per pass. Pure. */
import { ANNOTATIONS } from '../../../schemas/labels.ts';
import type { Phase, Shard, ShardStatus } from '../../../schemas/types.ts';
import { isTerminating, troubles } from '../../observe/pods.ts';
import type { Plan } from '../state/action.ts';
import type { ShardState } from '../state/state.ts';
import { keptText } from '../desired/postgres-floor.ts';
import { backupReport } from './backups.ts';
import { shardConditions } from './conditions.ts';
import type { Facts } from './facts.ts';
import { factsOf } from './facts.ts';
import { poolerStatus } from './poolers.ts';
import { problemText, progress } from './progress.ts';
import { timeText } from '../state/phase.ts';
import { switchoverStatus } from './switchover.ts';

const phaseOf = (state: ShardState, facts: Facts): Phase => {
  if (facts.crashes.length > 0) return 'Degraded';
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
  const election = facts.serving ? undefined : problemText(problems);
  const parts = [
    ...secrets,
    ...(problem === undefined ? [] : [problem]),
    ...(failure === undefined ? [] : [failure]),
    ...facts.crashes.slice(0, 2),
    ...plan.held
      .filter(({ reason }) => !secrets.includes(reason))
      .map(({ pod, reason }) => `${pod} is held back: ${reason}`),
    ...(facts.blip && facts.poolsReady ? [shard.status?.message ?? ''] : progress(state)),
    ...(facts.orchReady || state.removal
      ? []
      : [
          ['multiorch is not ready in every cell', ...troubles(state.objects.orchPods, 1)].join(
            ': ',
          ),
        ]),
    ...(election === undefined ? [] : [election]),
    ...(state.removal ? ['being removed'] : []),
  ];
  return [...new Set(parts)].slice(0, 6).join('; ');
};

const doingOf = ({ doing, blocked }: Plan): Pick<ShardStatus, 'doing'> => {
  const texts = [
    ...doing.map(({ pod, reason }) => `${pod}: ${reason}`),
    ...blocked.map(({ pod, reason }) => `${pod} waits: ${reason}`),
  ];
  return texts.length > 0 ? { doing: [...new Set(texts)].slice(0, 4).join('; ') } : {};
};

const configStatus = (state: ShardState): Pick<ShardStatus, 'postgresConfig'> => {
  const before = state.shard.status?.postgresConfig;
  if (state.problem !== undefined) {
    return { postgresConfig: { ...before, inProgress: false, error: state.problem } };
  }
  const config = state.desired?.config;
  if (!config) return before ? { postgresConfig: before } : {};
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
  const at = confirmed && !(wasConfirmed && lastAppliedAt) ? timeText(state.nowMs) : lastAppliedAt;
  return {
    postgresConfig: {
      inProgress: !confirmed,
      ...(at === undefined ? {} : { lastAppliedAt: at }),
      ...(kept === undefined ? {} : { error: kept }),
    },
  };
};

const cellsOf = (shard: Shard): string[] => {
  const pools = Object.values(shard.spec?.pools ?? {}).flatMap(({ cells }) => cells ?? []);
  return [...new Set([...pools, ...(shard.spec?.multiorch.cells ?? [])])].toSorted();
};

const backupStatus = ({ shard, backups, nowMs }: ShardState) => {
  if (backups) return backupReport(backups, nowMs, shard.metadata.generation).status;
  const { lastBackupTime, lastBackupType } = shard.status ?? {};
  return {
    ...(lastBackupTime === undefined ? {} : { lastBackupTime }),
    ...(lastBackupType === undefined ? {} : { lastBackupType }),
  };
};

/** @param failure what could not be written in this pass */
export const shardStatus = (state: ShardState, plan: Plan, failure?: string): ShardStatus => {
  const { shard } = state;
  const { generation } = shard.metadata;
  const facts = factsOf(state);
  const message = messageOf(state, plan, facts, failure);
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase: phaseOf(state, facts),
    message,
    cells: cellsOf(shard),
    orchReady: facts.orchReady,
    poolsReady: facts.poolsReady,
    readyReplicas: facts.ready,
    ...poolerStatus(state),
    ...doingOf(plan),
    ...switchoverStatus(state, plan),
    ...backupStatus(state),
    ...configStatus(state),
    conditions: shardConditions(state, plan, facts, message),
  };
};
