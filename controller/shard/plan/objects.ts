/** Everything that is no pod and no volume: brought to what it should be, and removed when it is not wanted. */
import { PRUNED, type KubeObject, type Pod } from '../../../schemas/k8s.ts';
import { COMPONENTS, LABELS } from '../../../schemas/labels.ts';
import { isTerminating } from '../../observe/pods.ts';
import type { Action } from '../state/action.ts';
import type { Planner } from './planner.ts';

const nameOf = ({ kind, metadata }: KubeObject): string => `${kind}/${metadata.name}`;

/** Services by which a pod that still runs is reached: its own, and the one of its pool and cell. */
const serves = (pods: ReadonlyMap<string, Pod>, service: KubeObject): boolean => {
  if (service.kind !== 'Service') return false;
  const { name, labels } = service.metadata;
  if (pods.has(name)) return true;
  if (labels?.[LABELS.component] !== COMPONENTS.pool) return false;
  return [...pods.values()].some(({ metadata }) =>
    [LABELS.pool, LABELS.cell].every((key) => metadata.labels?.[key] === labels[key]),
  );
};

export const planObjects: Planner = ({ desired, objects }) => {
  if (!desired) return {};
  const services = desired.pods.map(({ service }) => service);
  const wanted = [...desired.objects, ...services].filter(
    ({ kind }) => kind !== 'PersistentVolumeClaim',
  );
  const names = new Set(wanted.map(nameOf));
  const unwanted = objects.owned.filter(
    (object) =>
      PRUNED.some((kind) => kind === object.kind) &&
      !names.has(nameOf(object)) &&
      !isTerminating(object) &&
      !serves(objects.pods, object),
  );
  const reason = 'not wanted any more';
  return {
    actions: [
      ...wanted.map((object): Action => ({ kind: 'apply', object, reason: 'child of the shard' })),
      ...unwanted.map((object): Action => ({ kind: 'delete-object', object, reason })),
    ],
  };
};

/** pgBackRest's certificates between the poolers. */
export const planCertificates: Planner = ({ certificatesDue }) =>
  certificatesDue
    ? { actions: [{ kind: 'certificates', reason: 'missing, or not looked at for an hour' }] }
    : {};
