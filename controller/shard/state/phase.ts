/**
 * Where a pod is on its way out, kept on the pod itself (keys and states are upstream's), so that a new
 * leader of the operator goes on where the old one stopped. Pure.
 */
import { compact } from '../../../schemas/compact.ts';
import type { Pod } from '../../../schemas/k8s.ts';
import { ANNOTATIONS } from '../../../schemas/labels.ts';
import { isoSeconds } from '../../../schemas/text.ts';
import type { RuleNumber } from '../../topo/types.ts';

/** What each of them means stands in docs/operations.md. */
const PHASES = ['requested', 'draining', 'acknowledged', 'ready-for-deletion'] as const;
/**
 * `replace`: a new pod of another specification follows; counted as a rollout. `repair`: one of the same.
 * `remove`: none does. `move`: only leadership goes, the pod stays.
 */
const PURPOSES = ['replace', 'repair', 'remove', 'move'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** Leadership was asked to leave this pod. */
interface SwitchRecord {
  /** Rule under which the pod led when it was asked first: a higher one of another leader is the success. */
  rule: RuleNumber;
  attempts: number;
  /** First and last request, ms since the epoch. */
  firstMs: number;
  lastMs: number;
}

export interface PhaseRecord {
  phase: (typeof PHASES)[number];
  purpose: Purpose;
  /** In words, for Events and status. */
  reason: string;
  /** Milliseconds since the epoch. */
  requestedMs: number;
  switch?: SwitchRecord;
  /** Id of the switchover that a user asked for. */
  request?: string;
}

const switchOf = (text: string | undefined): SwitchRecord | undefined => {
  if (text === undefined) return undefined;
  try {
    const { rule, attempts, firstMs, lastMs } = JSON.parse(text) as Partial<SwitchRecord>;
    if (!rule || !Number.isFinite(attempts) || !Number.isFinite(firstMs)) return undefined;
    return { rule, attempts: attempts ?? 0, firstMs: firstMs ?? 0, lastMs: lastMs ?? 0 };
  } catch {
    return undefined;
  }
};

/** The record of a pod; undefined while it is not on its way out. A state of upstream's own counts too. */
export const phaseOf = (pod: Pod | undefined): PhaseRecord | undefined => {
  const annotations = pod?.metadata.annotations ?? {};
  const phase = PHASES.find((known) => known === annotations[ANNOTATIONS.drainState]);
  if (!phase) return undefined;
  return compact({
    phase,
    purpose: PURPOSES.find((known) => known === annotations[ANNOTATIONS.drainPurpose]) ?? 'replace',
    reason: annotations[ANNOTATIONS.drainReason] ?? 'no reason recorded',
    requestedMs: Date.parse(annotations[ANNOTATIONS.drainRequestedAt] ?? '') || 0,
    switch: switchOf(annotations[ANNOTATIONS.drainSwitch]),
    request: annotations[ANNOTATIONS.drainRequest],
  });
};

/** Patch that writes the record; an annotation that the record lacks is removed. */
export const recordPatch = (record: PhaseRecord | undefined): unknown => ({
  metadata: {
    annotations: {
      [ANNOTATIONS.drainState]: record?.phase ?? null,
      [ANNOTATIONS.drainRequestedAt]: record ? isoSeconds(record.requestedMs) : null,
      [ANNOTATIONS.drainPurpose]: record?.purpose ?? null,
      [ANNOTATIONS.drainReason]: record?.reason ?? null,
      [ANNOTATIONS.drainSwitch]: record?.switch ? JSON.stringify(record.switch) : null,
      [ANNOTATIONS.drainRequest]: record?.request ?? null,
    },
  },
});
