/** How far a shard is on its way to a serving primary, in one line. Pure. */
import type { Pod } from '../../../schemas/k8s.ts';
import { isReady, troubles } from '../../observe/pods.ts';
import type { DataPlane, Member } from '../gather/data-plane.ts';
import type { PoolerView } from '../state/roles.ts';
import { cohortOf, isFollowed, leaderOf, usefulStandby } from '../state/roles.ts';

export interface ProgressInput {
  members: readonly Member[];
  pods: ReadonlyMap<string, Pod>;
  dataPlane?: DataPlane;
  topoAddress: string;
  /** It has had a primary before. */
  served: boolean;
  nowMs: number;
}

const withAction = (views: readonly PoolerView[], action: string): string[] =>
  views
    .filter(({ status }) => status?.status?.postgres_action === `POSTGRES_ACTION_${action}`)
    .map(({ pod }) => pod);

const restored = (views: readonly PoolerView[]): number =>
  views.filter(({ status }) => status?.status?.postgres_status === 'POSTGRES_STATUS_STANDBY')
    .length;

const bootstrap = (views: readonly PoolerView[], total: number): string => {
  const backup = withAction(views, 'CREATING_FIRST_BACKUP');
  if (backup.length > 0) {
    return `first backup running on ${backup.join(', ')}`;
  }
  const standbys = restored(views);
  const restoring = withAction(views, 'RESTORING_FROM_BACKUP');
  if (restoring.length > 0) return `${standbys} of ${total} poolers restored`;
  if (standbys > 0 && standbys < total) {
    return `${standbys} of ${total} poolers restored, electing a primary`;
  }
  if (standbys === total) return 'all poolers restored, electing a primary';
  const registered = views.filter(({ record }) => record !== undefined).length;
  return `${registered} of ${total} poolers registered, waiting for their first backup`;
};

/** Why a standby is of no use now; nothing is said of it while its leader does not answer. */
const standbyTrouble = (
  view: PoolerView,
  leader: PoolerView,
  nowMs: number,
): string | undefined => {
  const { status, reason } = view.record?.lifecycle_status ?? {};
  if (status === 'LIFECYCLE_QUARANTINED')
    return `it is quarantined (${reason ?? 'no reason given'})`;
  if (!leader.status) return undefined;
  const test = usefulStandby(view, leader, nowMs);
  return test.useful ? undefined : test.reason;
};

const members = (input: ProgressInput, views: readonly PoolerView[]): string[] => {
  const leader = leaderOf(views);
  const total = input.members.length;
  if (!leader) {
    return input.served ? ['no primary: writes wait for an election'] : [bootstrap(views, total)];
  }
  const cohort = cohortOf(views);
  const answers = leader.view.status ?? isFollowed(leader.view, views, input.nowMs);
  const counted = cohort.length > 0 ? `, cohort ${cohort.length} of ${total}` : '';
  const named = answers ? leader.view.pod : `${leader.view.pod} does not answer`;
  const parts = [`primary ${named}${counted}`];
  if (cohort.length > 0 && !cohort.includes(leader.view.id)) {
    parts.push('the primary is not in its own cohort: switch the primary to repair it');
  }
  for (const view of views) {
    if (view === leader.view) continue;
    const reason = standbyTrouble(view, leader.view, input.nowMs);
    if (reason !== undefined) parts.push(`standby ${view.pod}: ${reason}`);
  }
  return parts;
};

/** The parts of the message, the most important first. */
export const progress = (input: ProgressInput): string[] => {
  const { dataPlane } = input;
  const total = input.members.length;
  const pods = input.members.flatMap(({ pod }) => input.pods.get(pod) ?? []);
  const ready = pods.filter(isReady).length;
  const parts: string[] = [];
  if (ready < total) {
    const missing = total - pods.length;
    const counted = `${ready} of ${total} pods ready`;
    parts.push(missing > 0 ? `${counted}, ${missing} not created` : counted, ...troubles(pods));
  }
  if (!dataPlane) return parts;
  if (dataPlane.error !== undefined) {
    parts.push(`topology at ${input.topoAddress} cannot be read: ${dataPlane.error}`);
    return leaderOf(dataPlane.views) ? [...parts, ...members(input, dataPlane.views)] : parts;
  }
  if (dataPlane.unregisteredCells.length > 0) {
    const cells = dataPlane.unregisteredCells.join(', ');
    parts.push(`waiting for the topology records of cells ${cells}`);
  }
  return [...parts, ...members(input, dataPlane.views)];
};

export interface Health {
  /** A primary takes writes now. */
  serving: boolean;
  /** Every member is in the cohort, the cohort has nobody else, and every standby is of use. */
  complete: boolean;
  /** Neither records nor answers tell who leads: nothing can be said. */
  unknown: boolean;
}

/** A primary serves when its record says so and its own answer does not deny it. */
export const healthOf = (input: ProgressInput): Health => {
  const views = input.dataPlane?.views ?? [];
  const leader = leaderOf(views)?.view;
  const reply = leader?.status?.status;
  const pod = leader && input.pods.get(leader.pod);
  const serving =
    leader !== undefined &&
    pod !== undefined &&
    (reply
      ? reply.postgres_status === 'POSTGRES_STATUS_PRIMARY'
      : isFollowed(leader, views, input.nowMs)) &&
    (leader.record?.serving_status ?? 'SERVING') === 'SERVING';
  const cohort = cohortOf(views);
  const ids = input.members.map(({ id }) => id);
  return {
    serving,
    complete:
      input.dataPlane?.error === undefined &&
      cohort.length === ids.length &&
      ids.every((id) => cohort.includes(id)) &&
      views.every(
        (view) =>
          view === leader || !leader || standbyTrouble(view, leader, input.nowMs) === undefined,
      ),
    unknown: !leader && input.dataPlane?.error !== undefined,
  };
};
