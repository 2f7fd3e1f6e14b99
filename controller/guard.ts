/**
 * The controller's own check of a cluster: admission may have been off, or a template may have gone since.
 * A cluster that does not resolve is left exactly as it is until somebody changes it.
 */
import type { DefaultImages, ImageResolution, ImageStrategy } from '../schemas/images.ts';
import { resolveImages } from '../schemas/images.ts';
import type { Problem } from '../schemas/problem.ts';
import { resolveCluster } from '../schemas/resolve/cluster.ts';
import { topoCredentialProblems } from '../schemas/resolve/topo-ref.ts';
import { runningShards } from '../schemas/resolve/running.ts';
import type { ResolvedCluster, Templates } from '../schemas/resolve/types.ts';
import type { MultigresCluster, Shard } from '../schemas/types.ts';

interface GuardInput {
  cluster: MultigresCluster;
  /** Of the cluster's namespace. */
  templates: Templates;
  shards: Shard[];
  defaultImages: DefaultImages;
  imageStrategy: ImageStrategy;
}

export type Guarded =
  | {
      ok: true;
      resolved: ResolvedCluster;
      notes: Problem[];
      images: Extract<ImageResolution, { ok: true }>;
    }
  | { ok: false; problems: Problem[] };

/** Resolves the cluster and its images, or says all that is wrong with it. Pure. */
export const guard = (input: GuardInput): Guarded => {
  const { cluster, templates } = input;
  const resolved = resolveCluster(cluster, templates, { running: runningShards(input.shards) });
  if (!resolved.ok) return resolved;
  const problems = topoCredentialProblems(resolved.value.globalTopo, resolved.value.cells);
  if (problems.length > 0) return { ok: false, problems };
  const images = resolveImages(cluster, input.defaultImages, input.imageStrategy);
  if (!images.ok) return { ok: false, problems: [images.problem] };
  return { ok: true, resolved: resolved.value, notes: resolved.notes, images };
};
