import type { KubeApi } from '../kube/api.ts';
import type { Clock } from '../kube/clock.ts';
import { KINDS } from '../schemas/k8s.ts';
import { recentReads } from './recent.ts';

/** A renewal comes each 2 s: an answer this old still tells a working controller from a dead one. */
const CACHE_MS = 5_000;
/** After a failure the next review may try again this soon. */
const RETRY_MS = 1_000;

interface ControllerLeaseDeps {
  kube: Pick<KubeApi, 'get'>;
  clock: Pick<Clock, 'now'>;
  /** Namespace and name of the lease that the controller holds while it works. */
  namespace: string;
  name: string;
  log: { warn(fields: object, message?: string): void };
}

/**
 * Returns a function that tells how long ago the controller was last heard of, in milliseconds;
 * undefined when there is no lease or it cannot be read. Reads the lease when asked, at most once in
 * 5 s. The time in the lease comes from another machine: the clocks of nodes must agree to a few
 * seconds, or a working controller looks old.
 */
export function controllerLease(deps: ControllerLeaseDeps): () => Promise<number | undefined> {
  const { kube, clock, namespace, name, log } = deps;
  const reads = recentReads<{ renewedMs: number }>({
    clock,
    foundMs: CACHE_MS,
    missingMs: RETRY_MS,
  });
  const read = async (): Promise<{ renewedMs: number } | null> => {
    try {
      const lease = await kube.get({ kind: KINDS.Lease, namespace, name });
      const { renewTime } = (lease?.spec ?? {}) as { renewTime?: string };
      return { renewedMs: Date.parse(renewTime ?? '') };
    } catch (error) {
      log.warn({ lease: name, ns: namespace, err: error }, "cannot read the controller's lease");
      return null;
    }
  };
  return async () => {
    const ageMs = clock.now() - ((await reads(name, read))?.renewedMs ?? NaN);
    return Number.isNaN(ageMs) ? undefined : Math.max(0, ageMs);
  };
}
