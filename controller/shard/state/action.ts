/** What a pass may do, as data. Only execute/ turns it into effects. */
import type { KubeObject, Pod } from '../../../schemas/k8s.ts';
import type { DeathProof } from './node.ts';
import type { PhaseRecord } from './phase.ts';

/** What is told when the action has succeeded. */
export interface Notice {
  type: 'Normal' | 'Warning';
  /** From the list in docs/operations.md. */
  reason: string;
  message: string;
  /** A drain ended: counted by this result. */
  drain?: 'success' | 'timeout' | 'cancelled';
}

/**
 * A guard's permission for one disruptive action on one pod. Only guards/may-disrupt.ts makes one, and
 * execute/ refuses a disruptive action whose permission is missing, for another pod, or old.
 */
export interface Permit {
  readonly pod: string;
  readonly uid: string;
  /** When the reading was taken that it rests on, ms since the epoch. */
  readonly readAtMs: number;
}

interface Common {
  /** Why, for logs. */
  reason: string;
  notice?: Notice;
}

/** Takes a member, or its leadership, away from a shard that may serve. */
type Disruptive = Common &
  (
    | { kind: 'delete-pod'; pod: string; uid: string; permit: Permit; record?: PhaseRecord }
    | { kind: 'switch-primary'; pod: string; id: string; permit: Permit; record: PhaseRecord }
    | { kind: 'leave-cohort'; pod: string; id: string; permit: Permit }
  );

export type Action =
  | Disruptive
  | (Common &
      (
        | { kind: 'apply'; object: KubeObject }
        | { kind: 'delete-object'; object: KubeObject }
        | { kind: 'create-pod'; object: Pod }
        | { kind: 'patch-pod'; pod: string; patch: unknown }
        | { kind: 'patch-claim'; claim: string; patch: unknown }
        | { kind: 'set-phase'; pod: string; record: PhaseRecord | undefined }
        /** Nothing of it runs: its place is needed for a new one. */
        | { kind: 'delete-ended-pod'; pod: string; uid: string }
        /** Its node is gone for good, so nobody else will end it. */
        | { kind: 'force-delete-pod'; pod: string; uid: string; proof: DeathProof }
        /** All of the shard goes. */
        | { kind: 'delete-removed-pod'; pod: string; uid: string }
        /**
         * By the policy, or because it never had a volume (`unbound`) or the machine with its volume is gone
         * (`lost`): then it comes back, and in the second case its pod with it.
         */
        | { kind: 'delete-claim'; claim: string; uid: string; because?: 'unbound' | 'lost' }
        | { kind: 'mark-shutdown'; pod: string; id: string; proof: DeathProof }
        /** Orchestrators elect without waiting out their grace period. */
        | { kind: 'trigger-recovery' }
        /** Before a switchover: what is dirty is written while clients still write. */
        | { kind: 'checkpoint'; pod: string; id: string }
        /** Streams again, and is no longer on its way out. */
        | { kind: 'rejoin-cohort'; pod: string; id: string }
        | { kind: 'reload'; pod: string; id: string }
        | { kind: 'backup'; pod: string; id: string; onLeader: boolean }
        | { kind: 'certificates' }
      ));

type ActionKind = Action['kind'];
export type ActionOf<K extends ActionKind> = Extract<Action, { kind: K }>;

const DISRUPTIVE: ReadonlySet<ActionKind> = new Set<ActionKind>([
  'delete-pod',
  'switch-primary',
  'leave-cohort',
]);

export const isDisruptive = (action: Action): action is Disruptive => DISRUPTIVE.has(action.kind);

/** A pod and why something is not done with it now. */
export interface Waiting {
  pod: string;
  reason: string;
}

export interface Plan {
  actions: Action[];
  /** Pods that are not created yet. */
  held: Waiting[];
  /** Pods that terminate on a node that is not there to end them. */
  stuck: Waiting[];
  /** What is being done, or waits to be done, with a member that has to go or to move. */
  doing: Waiting[];
  /** Steps that were due and were given up, or cannot be taken until somebody acts. */
  blocked: Waiting[];
  /** A disruptive step is due and needs a reading of this very pass. */
  needsReading: boolean;
}
