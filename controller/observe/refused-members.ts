/** Why a StatefulSet does not get its pods or volumes: it says so in Events alone. */
import { KINDS, type KubeObject } from '../../schemas/k8s.ts';
import type { Failed } from '../apply/children.ts';
import type { Deps } from '../deps.ts';
import { refusedBy } from './workload.ts';

/** It makes all its pods at once: one that is missing longer than this is held back by something. */
const PATIENCE_MS = 5000;

interface Told {
  message?: string;
  lastTimestamp?: string;
}

/** Members that are missing although their time has come; an Event is read for these only. */
const isMissing = (set: KubeObject, nowMs: number): boolean => {
  const { replicas: wanted = 1 } = (set.spec ?? {}) as { replicas?: number };
  const { replicas = 0 } = (set.status ?? {}) as { replicas?: number };
  const ageMs = nowMs - Date.parse(set.metadata.creationTimestamp ?? '');
  return replicas < wanted && ageMs > PATIENCE_MS;
};

/** `create Pod web-0 in StatefulSet web failed error: pods "web-0" is forbidden: ...` */
const reasonOf = ({ message = '' }: Told): string => message.split(' failed error: ')[1] ?? message;

/**
 * What the API server refused of the members that are missing, for `writeStatus`; nothing while all are there.
 * One read per pass in which a member is missing.
 */
export const refusedMembers = async (
  deps: Pick<Deps, 'kube' | 'clock'>,
  set: KubeObject | undefined,
): Promise<Failed[]> => {
  if (!set || !isMissing(set, deps.clock.now())) return [];
  const { namespace = '', uid = '' } = set.metadata;
  const { items } = await deps.kube.list(KINDS.Event, {
    namespace,
    fieldSelector: `involvedObject.uid=${uid},reason=FailedCreate`,
  });
  const events = items as unknown as Told[];
  const [latest] = events.toSorted((a, b) =>
    (a.lastTimestamp ?? '') < (b.lastTimestamp ?? '') ? 1 : -1,
  );
  return latest ? [refusedBy(set, reasonOf(latest))] : [];
};
