import type { Condition, KubeObject } from '../../schemas/k8s.ts';
import type { Phase } from '../../schemas/types.ts';
import { textOf } from '../../schemas/text.ts';
import { isKubeError, type KubeError } from '../../kube/errors.ts';
import { nameOf, observedOf, type Failed } from './children.ts';
import { statusEvents } from './condition-events.ts';
import { condition } from '../observe/conditions.ts';
import type { Deps } from '../deps.ts';

/**
 * A condition for writes that will not succeed before somebody acts: refused by validation, RBAC, quota or
 * a policy. None for what passes by itself.
 */
export const refusedCondition = (
  failed: readonly Failed[],
  generation: number | undefined,
): Condition[] => {
  const lasting = failed.filter(({ error }) => isKubeError(error, 'invalid', 'denied'));
  const [first] = lasting;
  if (!first) return [];
  const { reason } = first.error as KubeError;
  const name = /^[A-Za-z]+$/.test(reason) ? reason : 'Refused';
  const text = lasting.map(({ child, error }) => `${nameOf(child)}: ${textOf(error)}`).join('; ');
  return [condition('ChildrenRefused', true, name, text, generation)];
};

export const withRefusals = <T extends { conditions?: Condition[] }>(
  status: T,
  failed: readonly Failed[],
  generation: number | undefined,
): T => {
  const [refused] = refusedCondition(failed, generation);
  if (!refused) return status;
  const before = Object.groupBy(status.conditions ?? [], ({ type }) =>
    // A cluster repeats here what its children say.
    type === refused.type ? 'repeated' : 'others',
  );
  const texts = [refused, ...(before.repeated ?? [])].map(({ message }) => message);
  const own = condition(refused.type, true, refused.reason, texts.join('; '), generation);
  return { ...status, conditions: [...(before.others ?? []), own] };
};

/**
 * The API server refuses the content of a status. What people read stays behind what is, so it is retried
 * and told, unlike other content that is refused.
 */
export class StatusRefused extends Error {
  constructor(cause: KubeError) {
    super(`the status cannot be written: ${cause.message}`, { cause });
    this.name = 'StatusRefused';
  }
}

/** What the status of each of our kinds has. */
export interface AnyStatus {
  observedGeneration?: number;
  phase?: Phase;
  message?: string;
  conditions?: Condition[];
}

/** What is stored, with a word in front that says it is old. */
const oldStatus = (object: KubeObject, observed: KubeObject, refused: KubeError): AnyStatus => {
  const before = (observed.status ?? {}) as AnyStatus;
  const fields = [...new Set(refused.details.map(({ field }) => field).filter((f) => f !== ''))];
  const message =
    `the API server refuses the status${fields.length > 0 ? ` (${fields.join(', ')})` : ''}: ` +
    'what stands here is old; the log of the controller has the text';
  const { generation } = object.metadata;
  const others = (before.conditions ?? []).filter(({ type }) => type !== 'Available');
  return {
    ...before,
    phase: 'Unknown',
    message,
    conditions: [
      condition('Available', 'Unknown', 'StatusRefused', message, generation),
      ...others,
    ],
  };
};

/** Writes the status; one that is refused leaves a note that what is stored is old. */
const write = async (
  deps: Deps,
  object: KubeObject,
  status: AnyStatus,
  observed: KubeObject,
): Promise<boolean> => {
  try {
    return (await deps.applier.applyStatus(object, status, observed)).changed;
  } catch (error) {
    // The object went while we looked at it: nobody needs its status any more.
    if (isKubeError(error, 'gone')) return false;
    if (!isKubeError(error, 'invalid')) throw error;
    // May be refused as well; the retry tells.
    await deps.applier
      .applyStatus(object, oldStatus(object, observed, error), observed)
      .catch((again: unknown) => deps.log.debug({ err: again }, 'nor can it be called old'));
    throw new StatusRefused(error);
  }
};

/**
 * Writes a status when it differs from what is there, and tells a change of phase as an event.
 * `failed`: children that could not be written; what will not pass by itself becomes a condition.
 * @throws StatusRefused when the API server does not take it
 */
export const writeStatus = async (
  deps: Deps,
  object: KubeObject,
  ofKind: AnyStatus,
  failed: readonly Failed[] = [],
): Promise<void> => {
  const status = withRefusals(ofKind, failed, object.metadata.generation);
  const observed = observedOf(deps, object) ?? object;
  if (!(await write(deps, object, status, observed))) return;
  const events = statusEvents(object.kind, observed.status ?? {}, status);
  for (const { type, reason, message } of events) deps.events.event(object, type, reason, message);
  const before = (observed.status as { phase?: string } | undefined)?.phase;
  if (status.phase !== undefined && before !== undefined && before !== status.phase) {
    const type = status.phase === 'Degraded' ? 'Warning' : 'Normal';
    const text = `${before} -> ${status.phase}${status.message ? `: ${status.message}` : ''}`;
    deps.events.event(object, type, 'PhaseChange', text);
  }
};
