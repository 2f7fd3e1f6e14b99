/** Settings that PostgreSQL takes over without a restart: asked of each pod until it confirms them. */
import type { Pod } from '../../../schemas/k8s.ts';
import { ANNOTATIONS } from '../../../schemas/labels.ts';
import type { Action } from '../state/action.ts';
import { isAlive } from '../state/member.ts';
import type { PostgresConfig } from '../desired/postgres-config.ts';
import type { Planner } from './planner.ts';

/**
 * The kubelet brings a changed ConfigMap in within a second or two of a change of the pod (an annotation says
 * which settings are wanted), and otherwise within 90 s.
 */
const RETRY_MS = 3_000;

/** A pod whose settings of the restart class are right, but whose others are not confirmed. */
const needsReload = (pod: Pod, config: PostgresConfig): boolean =>
  pod.metadata.annotations?.[ANNOTATIONS.postgresConfigHash] === config.restartHash &&
  pod.metadata.annotations[ANNOTATIONS.postgresReloadHash] !== config.reloadHash;

export const planReload: Planner = ({ members, desired, reloads, nowMs }) => {
  if (!desired) return {};
  const waiting = members.filter(
    (member) =>
      member.observed !== undefined &&
      isAlive(member) &&
      needsReload(member.observed, desired.config) &&
      member.record !== undefined &&
      member.status?.status?.postgres_ready === true,
  );
  const reason = 'settings that need no restart changed';
  return {
    actions: waiting
      .filter(({ pod }) => nowMs - (reloads.get(pod) ?? 0) >= RETRY_MS)
      .map(({ pod, id }): Action => ({ kind: 'reload', pod, id, reason })),
    doing: waiting.map(({ pod }) => ({ pod, reason: 'takes over settings without a restart' })),
  };
};
