import type { KubeObject } from '../../schemas/k8s.ts';
import type { Condition } from '../../schemas/k8s.ts';
import type { Phase } from '../../schemas/types.ts';
import { isKubeError } from '../../kube/errors.ts';
import type { Failed } from './children.ts';
import { statusEvents } from './condition-events.ts';
import { listerOf } from './children.ts';
import { withRefusals } from './refusals.ts';
import type { Deps } from '../deps.ts';

/**
 * Writes a status when it differs from what is there, and tells a change of phase as an event.
 * `failed`: children that could not be written; what will not pass by itself becomes a condition.
 */
export const writeStatus = async (
  deps: Deps,
  object: KubeObject,
  ofKind: { phase?: Phase; message?: string; conditions?: Condition[] },
  failed: readonly Failed[] = [],
): Promise<void> => {
  const status = withRefusals(ofKind, failed, object.metadata.generation);
  const lister = listerOf(deps, object);
  const observed = lister.get(object.metadata.namespace, object.metadata.name) ?? object;
  try {
    const { changed } = await deps.applier.applyStatus(object, status, observed);
    if (!changed) return;
  } catch (error) {
    // The object went while we looked at it: nobody needs its status any more.
    if (isKubeError(error, 'gone')) return;
    throw error;
  }
  for (const { type, reason, message } of statusEvents(
    object.kind,
    observed.status ?? {},
    status,
  )) {
    deps.events.event(object, type, reason, message);
  }
  const before = (observed.status as { phase?: string } | undefined)?.phase;
  if (status.phase !== undefined && before !== undefined && before !== status.phase) {
    const type = status.phase === 'Degraded' ? 'Warning' : 'Normal';
    const text = `${before} -> ${status.phase}${status.message ? `: ${status.message}` : ''}`;
    deps.events.event(object, type, 'PhaseChange', text);
  }
};
