/** Settings that PostgreSQL takes over without a restart: asked of each pod until it confirms them. */
import type { Action } from '../state/action.ts';
import { isAlive } from '../state/member.ts';
import { needsReload, reloadOf } from '../state/reload.ts';
import type { Planner } from './planner.ts';

/**
 * The kubelet brings a changed ConfigMap in within a second or two of a change of the pod (an annotation says
 * which settings are wanted), and otherwise within 90 s.
 */
const RETRY_MS = 3_000;

/** One that Postgres takes only with a restart is not asked for again: its pod is replaced. */
export const planReload: Planner = ({ members, desired, reloads, nowMs }) => {
  if (!desired) return {};
  const { config } = desired;
  const waiting = members.filter(
    (member) =>
      member.observed !== undefined &&
      isAlive(member) &&
      needsReload(member.observed, config) &&
      reloadOf(reloads, member.observed, config.reloadHash)?.restart === undefined &&
      member.record !== undefined &&
      member.status?.status?.postgres_ready === true,
  );
  const reason = 'settings that need no restart changed';
  return {
    actions: waiting
      .filter(({ pod }) => nowMs - (reloads.get(pod)?.lastMs ?? 0) >= RETRY_MS)
      .map(({ pod, id }): Action => ({ kind: 'reload', pod, id, reason })),
    doing: waiting.map(({ pod }) => ({ pod, reason: 'takes over settings without a restart' })),
  };
};
