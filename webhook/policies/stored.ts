import type { KubeObject } from '../../schemas/k8s.ts';
import type { ResolvedCluster } from '../../schemas/resolve/types.ts';
import type { MultigresCluster } from '../../schemas/types.ts';
import { clusterOf } from './locate.ts';
import type { Finding, PolicyContext } from './policy.ts';

type Judge = (cluster: MultigresCluster, resolved: ResolvedCluster) => Finding[];

/**
 * Findings of the request's cluster; those that hold for the stored one too are warnings only, so
 * that an object which is wrong already can still be edited, piece by piece.
 */
export function findNew(ctx: PolicyContext, judge: Judge): Finding[] {
  const resolved = ctx.resolved();
  if (!resolved) return [];
  const findings = judge(clusterOf(ctx), resolved);
  if (findings.length === 0 || !ctx.old) return findings;
  const oldResolved = ctx.oldResolved();
  return oldResolved
    ? withoutKnown(findings, judge(ctx.old as MultigresCluster, oldResolved))
    : findings;
}

/** As `findNew`, for what the object says by itself, without templates. */
export function findNewIn(ctx: PolicyContext, judge: (object: KubeObject) => Finding[]): Finding[] {
  const findings = ctx.object ? judge(ctx.object) : [];
  return findings.length > 0 && ctx.old ? withoutKnown(findings, judge(ctx.old)) : findings;
}

/** What was so before is only warned about. */
function withoutKnown(findings: readonly Finding[], before: readonly Finding[]): Finding[] {
  const known = new Set(before.filter((f) => f.mode !== 'warn').map((f) => f.message));
  return findings.map((f) => (known.has(f.message) ? { ...f, mode: 'warn' } : f));
}
