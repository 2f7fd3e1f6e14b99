import type { Pod } from '../../../schemas/k8s.ts';
import { LABELS, POD_ROLES } from '../../../schemas/labels.ts';
import { recordPatch, type PhaseRecord } from '../../../controller/shard/state/phase.ts';
import { ruleOf, cellOf, labels, podOf, indexOf } from './basics.ts';
import type { PodNote, World } from './notes.ts';
import { NOW } from './notes.ts';

export const conditionsOf = (note: PodNote) => [
  {
    type: 'Ready',
    status:
      note.ready === false || note.waiting || note.ended || note.unplaced !== undefined
        ? 'False'
        : 'True',
  },
  ...(note.unschedulable || note.unplaced !== undefined
    ? [{ type: 'PodScheduled', status: 'False', message: note.unschedulable ?? '' }]
    : []),
];

export const recordNote = ({ leaving }: PodNote): PhaseRecord | undefined => {
  if (!leaving) return undefined;
  const { phase = 'requested', purpose = 'replace', since = 1, request, switched } = leaving;
  const at = NOW - (switched?.since ?? 1) * 1000;
  const rule = switched && ruleOf(switched.rule);
  return {
    phase,
    purpose,
    reason: 'the reason',
    requestedMs: NOW - since * 1000,
    ...(request === undefined ? {} : { request }),
    ...(rule
      ? { switch: { rule, attempts: switched.attempts ?? 1, firstMs: at, lastMs: at } }
      : {}),
  };
};

export const annotationsOf = (note: PodNote): Record<string, string> => {
  const record = recordNote(note);
  if (!record) return {};
  const patch = recordPatch(record) as { metadata: { annotations: Record<string, string | null> } };
  const entries = Object.entries(patch.metadata.annotations);
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => entry[1] !== null),
  );
};

export const containers = (note: PodNote) => {
  const state = note.waiting
    ? { waiting: { reason: note.waiting } }
    : note.ended
      ? { terminated: { exitCode: 137 } }
      : undefined;
  return state
    ? {
        containerStatuses: [{ name: 'multipooler', ready: false, restartCount: 0, state }],
      }
    : {};
};

export const observedPod = (world: World, name: string, note: PodNote): Pod => {
  const pod = podOf(name, note.oldSpec ? 'old' : 'new');
  const at = new Date(NOW - (note.terminating ?? 0) * 1000).toISOString();
  const role =
    note.role ??
    (world.poolers?.[name]?.answers === 'primary' ? POD_ROLES.primary : POD_ROLES.replica);
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      uid: `uid-${name}`,
      creationTimestamp: new Date(NOW - (note.unplaced ?? 3600) * 1000).toISOString(),
      labels: {
        ...labels,
        [LABELS.cell]: cellOf(name),
        [LABELS.index]: `${indexOf(name)}`,
        ...(note.wrongLabel ? { [LABELS.pool]: 'wrong' } : {}),
        [LABELS.role]: role,
      },
      annotations: { ...pod.metadata.annotations, ...annotationsOf(note) },
      ownerReferences: [
        { apiVersion: 'x', kind: 'Shard', name: 's', uid: 'shard', controller: true },
      ],
      ...(note.terminating === undefined ? {} : { deletionTimestamp: at }),
    },
    spec: {
      containers: [],
      ...pod.spec,
      ...(note.unplaced === undefined ? { nodeName: `node-${name.charAt(0)}` } : {}),
    },
    status: {
      phase: note.phase ?? 'Running',
      conditions: conditionsOf(note),
      ...containers(note),
    },
  };
};
