/** Which turns of a status are told as Events: what somebody would want to find in a history. Pure. */
import type { Condition } from '../../schemas/k8s.ts';
import { findCondition } from '../observe/conditions.ts';

interface StatusEvent {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

interface StatusPart {
  conditions?: Condition[];
  postgresConfig?: { error?: string };
  primary?: string;
}

type Told = Pick<StatusEvent, 'type' | 'reason'>;
const normal = (reason: string): Told => ({ type: 'Normal', reason });
const warning = (reason: string): Told => ({ type: 'Warning', reason });

/** By the type of a condition: what its new state is called; undefined where it is no news. */
type Rule = (now: Condition, before: Condition | undefined) => Told | undefined;

const when =
  (wanted: Condition['status'], told: Told): Rule =>
  ({ status }) =>
    status === wanted ? told : undefined;

const OF_CHILDREN: Readonly<Record<string, Rule>> = {
  BackupHealthy: ({ status }) =>
    status === 'True' ? normal('BackupHealthy') : warning('BackupStale'),
  PodsStuck: when('True', warning('StuckTerminating')),
  ReadyForDeletion: when('True', normal('ReadyForDeletion')),
  RolloutPending: when('True', normal('RolloutPending')),
  RollingUpdate: ({ status, reason }) =>
    status === 'True' && reason === 'Stuck' ? warning('RollingUpdateStuck') : undefined,
  ScalingDown: ({ status, reason }) =>
    status === 'True' && reason === 'Waiting' ? warning('ScaleDownBlocked') : undefined,
  SecretsReady: when('False', warning('SecretMissing')),
  StorageClassValid: when('False', warning('StorageClassNotFound')),
};

/** A cluster repeats conditions of its children; what is said here is its own. */
const OF_CLUSTER: Readonly<Record<string, Rule>> = {
  ImageRolloutPending: ({ status, reason }) =>
    status === 'True' && reason === 'RevisionMismatch'
      ? warning('ImagesRevisionMismatch')
      : undefined,
  Paused: when('True', normal('Paused')),
  TerminalError: ({ status, reason }) => (status === 'True' ? warning(reason) : undefined),
  TopologyRegistered({ status, reason }, before) {
    if (status !== 'False') return undefined;
    if (reason === 'TopologyError') return warning('TopologyError');
    return before?.status === 'True' ? warning('TopoConnectFailed') : normal('TopologyWaiting');
  },
};

/** Events for the step from one status to the next. */
export const statusEvents = (
  kind: string,
  before: StatusPart | undefined,
  now: StatusPart,
): StatusEvent[] => {
  const rules = kind === 'MultigresCluster' ? OF_CLUSTER : OF_CHILDREN;
  const events = (now.conditions ?? []).flatMap((condition) => {
    const old = findCondition(before?.conditions, condition.type);
    if (old?.status === condition.status && old.reason === condition.reason) return [];
    const told = rules[condition.type]?.(condition, old);
    return told ? [{ ...told, message: condition.message }] : [];
  });
  const error = now.postgresConfig?.error;
  if (error !== undefined && error !== before?.postgresConfig?.error) {
    events.push({ ...warning('ConfigError'), message: error });
  }
  // Not only after a switchover of ours: the runtime elects by itself too.
  if (now.primary !== undefined && now.primary !== before?.primary) {
    const message = `${before?.primary ? `${before.primary} -> ` : ''}${now.primary}`;
    events.push({ ...normal('PrimaryChanged'), message });
  }
  return events;
};
