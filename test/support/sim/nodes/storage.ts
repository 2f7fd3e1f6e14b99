/** Claims and what they hold. A volume of a single writer lies on the node where it was first used. */
import type { KubeObject, Pod } from '../../../../schemas/k8s.ts';
import { KINDS } from '../../../../schemas/k8s.ts';
import { CLAIM_PROTECTION } from '../kube/api-server.ts';
import type { Volume } from '../runtime/volume.ts';
import { emptyVolume } from '../runtime/volume.ts';
import type { Context } from './context.ts';
import { mountsOf } from './workload.ts';

interface Bound {
  claim: KubeObject;
  /** Absent: reachable from everywhere. */
  node?: string;
  volume: Volume;
}

const SWEEP_MS = 50;

export class Storage {
  readonly #ctx: Context;
  /** By uid of the claim. */
  readonly #bound = new Map<string, Bound>();

  constructor(ctx: Context) {
    this.#ctx = ctx;
    ctx.server.onEvent(({ type, kind, object }) => {
      if (kind === KINDS.PersistentVolumeClaim && type === 'DELETED') {
        this.#bound.delete(object.metadata.uid ?? '');
      }
      const isLeaving = object.metadata.deletionTimestamp !== undefined;
      const matters =
        (kind === KINDS.Pod && type === 'DELETED') ||
        (kind === KINDS.PersistentVolumeClaim && isLeaving);
      if (matters) ctx.clock.after(SWEEP_MS, () => this.#sweep());
    });
  }

  /** The first claim of the pod that does not exist. */
  missingClaim(pod: Pod): string | undefined {
    return mountsOf(pod).claims.find((name) => {
      const claim = this.#claim(pod, name);
      return !claim || claim.metadata.deletionTimestamp !== undefined;
    });
  }

  /** Whether all volumes of the pod can be used on this node. */
  reaches(pod: Pod, node: string): boolean {
    return this.#boundOf(pod).every((bound) => bound.node === undefined || bound.node === node);
  }

  /** Makes the volumes of claims that have none yet. */
  bind(pod: Pod, node: string): void {
    for (const name of mountsOf(pod).claims) {
      const claim = this.#claim(pod, name);
      if (!claim || this.#bound.has(claim.metadata.uid ?? '')) continue;
      const spec = claim.spec as { accessModes?: string[] };
      const isShared = spec.accessModes?.includes('ReadWriteMany') ?? false;
      const volume = emptyVolume();
      const uid = claim.metadata.uid ?? '';
      this.#bound.set(uid, { claim, volume, ...(isShared ? {} : { node }) });
      this.#ctx.server.update(keyOf(claim), (current) => ({
        ...current,
        spec: { ...(current.spec as object), volumeName: `pv-${uid}` },
        status: { phase: 'Bound' },
      }));
    }
  }

  /** The data volume of a pool pod. @throws when it has none */
  dataOf(pod: Pod): Volume {
    const found = this.#boundOf(pod).find(({ node }) => node !== undefined);
    if (!found) throw new Error(`pod ${pod.metadata.name} has no volume of its own`);
    return found.volume;
  }

  /** What a claim of this name holds; undefined while it is not bound. */
  find(claim: string): Volume | undefined {
    return [...this.#bound.values()].find((bound) => bound.claim.metadata.name === claim)?.volume;
  }

  /** The node on which a claim's volume lies. */
  nodeOf(claim: string): string | undefined {
    return [...this.#bound.values()].find((bound) => bound.claim.metadata.name === claim)?.node;
  }

  #claim(pod: Pod, name: string): KubeObject | undefined {
    const { namespace } = pod.metadata;
    return this.#ctx.server.get({ kind: KINDS.PersistentVolumeClaim, namespace, name });
  }

  #boundOf(pod: Pod): Bound[] {
    return mountsOf(pod).claims.flatMap(
      (name) => this.#bound.get(this.#claim(pod, name)?.metadata.uid ?? '') ?? [],
    );
  }

  /** Lets deleted claims go that no pod uses any more. */
  #sweep(): void {
    const { server } = this.#ctx;
    const used = new Set((server.list(KINDS.Pod) as Pod[]).flatMap((pod) => mountsOf(pod).claims));
    for (const claim of server.list(KINDS.PersistentVolumeClaim)) {
      const { deletionTimestamp, finalizers = [], name } = claim.metadata;
      if (deletionTimestamp === undefined || used.has(name)) continue;
      if (!finalizers.includes(CLAIM_PROTECTION)) continue;
      const rest = finalizers.filter((entry) => entry !== CLAIM_PROTECTION);
      server.update(keyOf(claim), (current) => ({
        ...current,
        metadata: { ...current.metadata, finalizers: rest },
      }));
    }
  }
}

const keyOf = (claim: KubeObject) => ({
  kind: KINDS.PersistentVolumeClaim,
  namespace: claim.metadata.namespace,
  name: claim.metadata.name,
});
