/** Members of the shard that the operator has taken out of service, one at a time, while the rest suffices. */
import type { Pod } from '../../../../schemas/k8s.ts';
import { COMPONENTS, LABELS } from '../../../../schemas/labels.ts';
import { canElect, countByCell, policyInForce, satisfies } from '../../../../schemas/durability.ts';
import { names } from '../../../../schemas/names.ts';
import { sameId } from '../../../../emulator/orch/model.ts';
import type { Effect } from '../effects.ts';
import type { World } from '../harness.ts';
import type { Pooler } from '../runtime/pooler.ts';

interface Disruption {
  pooler: string;
  pod: string;
  what: string;
  /** It asked a leader to step down: over once another one leads. */
  sinceMs: number;
}

/** Calls that take a member out of service. */
const DISRUPTIVE_CALLS = new Set(['ResignLeadership', 'StopReplication']);

const isOver = (pod: Pod): boolean =>
  pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';

export class Disruptions {
  readonly #world: World;
  readonly #violated: (text: string) => void;
  readonly #open = new Map<string, Disruption>();

  constructor(world: World, violated: (text: string) => void) {
    this.#world = world;
    this.#violated = violated;
  }

  /** Members that the operator disrupted and that are not back yet. */
  get open(): string[] {
    return [...this.#open.values()].map(({ pod }) => pod);
  }

  onEffect(effect: Effect): void {
    const member = this.#disrupted(effect);
    if (!member || this.#world.shard.isRemoved) return;
    this.settle();
    const { pooler, pod } = member;
    for (const other of this.#open.values()) {
      if (other.pooler === pooler) continue;
      this.#violated(`${pod} was disrupted (${effect.what}) while ${other.pod} was not back`);
    }
    if (!this.#open.has(pooler)) this.#restSuffices(effect, pooler, pod);
    const { clock } = this.#world;
    this.#open.set(pooler, { pooler, pod, what: effect.what, sinceMs: clock.now() });
  }

  /** Closes disruptions that are over. */
  settle(): void {
    for (const [pooler, { pod }] of this.#open) {
      if (this.#isBack(pooler) || this.#isGoneForGood(pooler, pod)) this.#open.delete(pooler);
    }
  }

  /** The member that an effect takes out of service, if it does. */
  #disrupted(effect: Effect): { pooler: string; pod: string } | undefined {
    const { poolers } = this.#world.runtime.ctx;
    if (effect.of === 'call') {
      const { method, pooler = '' } = effect;
      const removes = method === 'UpdateConsensusRule RULE_OPERATION_COHORT_REMOVE';
      if (removes || !DISRUPTIVE_CALLS.has(method)) return undefined;
      return { pooler, pod: poolers.get(pooler)?.pod ?? pooler };
    }
    if (effect.of !== 'kube' || (effect.verb !== 'delete' && effect.verb !== 'evict')) {
      return undefined;
    }
    const pod = effect.before as Pod | undefined;
    const isPool = pod?.metadata.labels?.[LABELS.component] === COMPONENTS.pool;
    if (!pod || pod.kind !== 'Pod' || !isPool || isOver(pod)) return undefined;
    if (pod.metadata.deletionTimestamp !== undefined) return undefined;
    const pooler = names.poolerId(pod.metadata.name);
    return poolers.has(pooler) ? { pooler, pod: pod.metadata.name } : undefined;
  }

  /**
   * Those that stay must satisfy the policy in force. A leader that steps down stays itself, so there an
   * election has to be possible.
   */
  #restSuffices(effect: Effect, pooler: string, pod: string): void {
    const leader = this.#world.runtime.writer.primary();
    const rule = leader?.volume.wal?.rule;
    if (!leader || !rule) {
      this.#violated(`${pod} was disrupted (${effect.what}) while nobody led`);
      return;
    }
    const policy = policyInForce(this.#world.shard.object);
    const member = (one: Pooler) => ({ id: one.id.name, cell: one.id.cell });
    const serves = this.#serving()
      .filter((one) => one.id.name !== pooler)
      .map(member);
    if (effect.of === 'call' && effect.method === 'ResignLeadership') {
      const cohort = rule.cohort.map(({ name, cell }) => ({ id: name, cell }));
      const recruits = [...serves, member(leader)];
      if (!canElect(policy, cohort, recruits)) {
        this.#violated(`${pod} was told to resign although nobody could be elected`);
      }
      return;
    }
    const isMember = rule.cohort.some(({ name }) => name === pooler);
    if (!isMember || satisfies(policy, countByCell(serves))) return;
    const left = `${serves.length} of ${rule.cohort.length}`;
    this.#violated(`${pod} was disrupted (${effect.what}) although only ${left} were left`);
  }

  /** Members of the cohort that hold writes now. */
  #serving(): Pooler[] {
    const leader = this.#world.runtime.writer.primary();
    const cohort = leader?.volume.wal?.rule.cohort ?? [];
    return [...this.#world.runtime.ctx.poolers.values()].filter(
      (pooler) =>
        pooler.up &&
        cohort.some((id) => sameId(id, pooler.id)) &&
        (pooler === leader || pooler.upstream === leader),
    );
  }

  #isBack(pooler: string): boolean {
    const process = this.#world.runtime.ctx.poolers.get(pooler);
    const pod = process && this.#world.nodes.pod(process.pod);
    if (!process || !pod || pod.metadata.deletionTimestamp !== undefined || process.stopping) {
      return false;
    }
    return !process.busy && this.#serving().includes(process);
  }

  #isGoneForGood(pooler: string, pod: string): boolean {
    const isWanted = this.#world.shard.wantedPods().includes(pod);
    const isMember = this.#world.runtime.cohort.includes(pooler);
    return !isWanted && !isMember && this.#world.nodes.pod(pod) === undefined;
  }
}
