import { sameJson } from '../../schemas/canonical.ts';
import type { KubeObject } from '../../schemas/k8s.ts';
import type { TemplateKind } from '../../schemas/resolve/templates.ts';
import type { ResolvedCluster } from '../../schemas/resolve/types.ts';
import type { MultigresCluster } from '../../schemas/types.ts';
import type { World } from './world.ts';

/** `deny` refuses the request; `warn` lets it pass with a warning; `off` does not look. */
export type Mode = 'deny' | 'warn' | 'off';
export const OPERATIONS = ['CREATE', 'UPDATE', 'DELETE'] as const;
export type Operation = (typeof OPERATIONS)[number];
export type PolicyKind =
  'MultigresCluster' | TemplateKind | 'Cell' | 'TableGroup' | 'Shard' | 'TopoServer';

/** One thing wrong with an object. Texts never hold values of Secrets. */
export interface Finding {
  /** JSON pointer (RFC 6901) into the object; empty for the object as a whole. */
  path: string;
  /** What stands there; absent when nothing does or when it must not be shown. */
  value?: unknown;
  /** What is wrong, in one sentence without the final full stop. */
  message: string;
  /** What would be right: "at least 2 poolers", "one of zone-a, zone-b". */
  allowed: string;
  /** What to do, in the imperative. */
  fix: string;
  /**
   * What is wrong and what to do, for a warning in a terminal: with the anchor at its end below 120
   * bytes unless names in it are long. Without it a warning shows the whole text.
   */
  brief?: string;
  /** Overrides the policy's mode for this finding only. */
  mode?: Mode;
}

/** What a check says: one finding needs no list around it. */
export type Findings = Finding | readonly Finding[];

export interface PolicyContext {
  operation: Operation;
  kind: PolicyKind;
  namespace: string;
  name: string;
  /** User name of the request. */
  user: string;
  /** User names that may write children: our controller and Kubernetes' own clean-up. */
  trustedUsers: readonly string[];
  /** Absent on DELETE. */
  object?: KubeObject;
  /** Absent on CREATE. */
  old?: KubeObject;
  world: World;
  /** The MultigresCluster of the request after templates and defaults; undefined if it cannot be resolved. */
  resolved(): ResolvedCluster | undefined;
  /** The stored MultigresCluster after today's templates and defaults. */
  oldResolved(): ResolvedCluster | undefined;
  /** An update of a MultigresCluster as the controller will see it; undefined for anything else. */
  transition(): Transition | undefined;
  /** The clusters that a request for a template reaches; none for anything else. */
  consumers(): readonly Consumer[];
}

/**
 * An update of a cluster, by its own text or by a template, both sides worked out over what runs, as
 * the controller does it: what nobody writes any more stays as it is, so a smaller number here is one
 * that somebody wrote.
 */
export interface Transition {
  old: MultigresCluster;
  now: MultigresCluster;
  before: ResolvedCluster;
  after: ResolvedCluster;
}

/**
 * A cluster that uses the template of the request, as the subject of an update of its own: what
 * changes is not its text but what its template brings.
 */
export interface Consumer {
  name: string;
  /** The cluster as it is, an update that changes nothing: what is found here is not the edit's. */
  before: PolicyContext;
  after: PolicyContext;
}

export interface Policy {
  /** Kebab-case, never reused. */
  id: string;
  /** MGnnn, stable, shown to users at the end of each text. */
  code: string;
  kinds: readonly PolicyKind[];
  operations: readonly Operation[];
  mode: Mode;
  /** One sentence in the present tense. */
  summary: string;
  /** Why, and what to do about it; Markdown. */
  description: string;
  /** A piece of a manifest that passes. */
  good: string;
  /** A piece of a manifest that does not. */
  bad: string;
  /** Also runs on updates that change nothing but metadata. */
  evenForMetadata?: true;
  /**
   * Stands between users and the operator's own rights: the label of a namespace may raise its mode
   * but not lower it, since every other policy could be evaded through it.
   */
  guard?: true;
  check(ctx: PolicyContext): Findings;
}

/** The subject of most policies: clusters, as they are written. */
export const CLUSTER_WRITES = {
  kinds: ['MultigresCluster'],
  operations: ['CREATE', 'UPDATE'],
} as const;

/** And of those that compare: clusters, as they are changed. */
export const CLUSTER_UPDATES = { ...CLUSTER_WRITES, operations: ['UPDATE'] } as const;

/** A finding with the policy that made it and the mode in force. */
export interface Judged {
  policy: Policy;
  finding: Finding;
  mode: Mode;
  /** A denial that somebody was allowed to set aside, hence a warning now. */
  bypass?: { user: string; reason: string };
  /** Set when the policy threw: what it threw. */
  failure?: { error: unknown };
}

/** Modes by policy id that replace those of the list. */
export type ModeOverrides = Readonly<Record<string, Mode>>;

type Subject = Pick<PolicyContext, 'operation' | 'object' | 'old'>;

/** True for updates of an object that is being deleted: nothing may stop its finalizers. */
export function isTerminating(ctx: Subject): boolean {
  const stored = ctx.operation === 'UPDATE' ? (ctx.old ?? ctx.object) : ctx.old;
  return stored?.metadata.deletionTimestamp !== undefined;
}

/** True for updates that leave everything but metadata and status as it was. */
export function changesMetadataOnly(ctx: Subject): boolean {
  if (ctx.operation !== 'UPDATE' || !ctx.object || !ctx.old) return false;
  return sameJson(ctx.object.spec, ctx.old.spec);
}
