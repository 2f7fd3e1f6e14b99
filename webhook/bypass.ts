import { ANNOTATIONS } from '../schemas/labels.ts';
import type { Judged, Policy } from './policies/policy.ts';
import { cut, oneLine } from './text.ts';

/** Break-glass: what the author of an object asks for by annotations. */
interface Bypass {
  /** As written, each once. */
  ids: readonly string[];
  /** Those of them that are no policy. */
  unknown: readonly string[];
  /** One line; empty when there is none. */
  reason: string;
}

/** What the API server says about a user and a policy. */
export type Answer = { allowed: true } | { allowed: false; why: string };

interface BypassOutcome {
  /** Denials that were set aside are warnings that say by whom. */
  judged: Judged[];
  /** Ids of policies that were set aside. */
  used: string[];
  /** Why something was not, and how to get it; for the text of the refusal. */
  notes: string[];
}

/** Longer reasons are cut: they go into warnings, Events and the audit log. */
const REASON_LENGTH = 200;

/** Undefined when nobody asks for a bypass. */
export function readBypass(
  annotations: Readonly<Record<string, string>> | undefined,
  policies: readonly Policy[],
): Bypass | undefined {
  // The command line reads what no API server has seen: any value may stand there.
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  const ids = text(annotations?.[ANNOTATIONS.bypassPolicies])
    .split(',')
    .map((id) => id.trim());
  const asked = [...new Set(ids.filter((id) => id !== ''))];
  if (asked.length === 0) return undefined;
  const written = oneLine(text(annotations?.[ANNOTATIONS.bypassReason]));
  // Dots, dashes and characters that nobody sees tell nothing.
  const reason = /[\p{L}\p{N}]/u.test(written) ? written : '';
  return {
    ids: asked,
    unknown: asked.filter((id) => !policies.some((policy) => policy.id === id)),
    reason: cut(reason, REASON_LENGTH),
  };
}

/** The policies that the API server has to be asked about: those that deny, and are named. */
export function idsToAsk(bypass: Bypass, judged: readonly Judged[]): string[] {
  if (problemOf(bypass) !== undefined) return [];
  return deniedIds(judged).filter((id) => bypass.ids.includes(id));
}

/** Sets aside the denials that `answers` allow, and says of the others why they stay. */
export function applyBypass(
  bypass: Bypass,
  judged: readonly Judged[],
  answers: ReadonlyMap<string, Answer>,
  { user, namespace }: { user: string; namespace: string },
): BypassOutcome {
  const denied = deniedIds(judged);
  const used = denied.filter((id) => answers.get(id)?.allowed);
  const { reason } = bypass;
  return {
    judged: judged.map((one) =>
      one.mode === 'deny' && used.includes(one.policy.id)
        ? { ...one, mode: 'warn', bypass: { user, reason } }
        : one,
    ),
    used,
    notes: notesOf(bypass, denied, answers, { user, namespace }),
  };
}

function notesOf(
  bypass: Bypass,
  denied: readonly string[],
  answers: ReadonlyMap<string, Answer>,
  { user, namespace }: { user: string; namespace: string },
): string[] {
  if (denied.length === 0) return [];
  const problem = problemOf(bypass);
  if (problem !== undefined) return [`The bypass does not count: ${problem}.`];
  const notes: string[] = [];
  const refused: string[] = [];
  for (const id of denied) {
    const answer = answers.get(id);
    if (!answer) {
      notes.push(
        `The bypass does not cover ${id}: annotation ${ANNOTATIONS.bypassPolicies} does not name it.`,
      );
    } else if (!answer.allowed) {
      notes.push(`The bypass of ${id} does not count: ${answer.why}.`);
      refused.push(id);
    }
  }
  if (refused.length > 0) {
    notes.push(
      `Who may bypass is decided by RBAC: bind ${user} to a Role such as ${roleFor(refused, namespace)}`,
    );
  }
  return notes;
}

/** Why the annotations count for nothing, whoever wrote them. */
export function problemOf({ unknown, reason }: Bypass): string | undefined {
  if (unknown.length > 0) {
    const names = unknown.map((id) => JSON.stringify(id.slice(0, 63))).join(', ');
    return `annotation ${ANNOTATIONS.bypassPolicies} names ${names}, which is no policy; docs/policies.md lists them`;
  }
  return reason === ''
    ? `annotation ${ANNOTATIONS.bypassReason} is missing or empty; say there why, in a sentence`
    : undefined;
}

/** A Role that allows it, as JSON in one line, which `kubectl apply -f -` takes. */
function roleFor(ids: readonly string[], namespace: string): string {
  return JSON.stringify({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'bypass-policies', namespace },
    rules: [
      {
        apiGroups: ['multigres.com'],
        resources: ['policies'],
        resourceNames: ids,
        verbs: ['bypass'],
      },
    ],
  });
}

const deniedIds = (judged: readonly Judged[]): string[] => [
  ...new Set(judged.filter(({ mode }) => mode === 'deny').map(({ policy }) => policy.id)),
];
