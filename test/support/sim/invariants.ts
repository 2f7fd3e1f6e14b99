/**
 * What must never happen, whatever fails: looked at with each effect of the operator and each change of the
 * runtime. Violations are collected; `check` throws them with the story.
 */
import type { Effect } from './effects.ts';
import type { World } from './harness.ts';
import { codecs } from '../../../controller/topo/codec.ts';
import { forbiddenClaimDeletion } from './invariants/claims.ts';
import { Disruptions } from './invariants/disruptions.ts';
import { names } from '../../../schemas/names.ts';

export class Invariants {
  readonly violations: string[] = [];
  readonly #world: World;
  readonly #disruptions: Disruptions;

  constructor(world: World) {
    this.#world = world;
    this.#disruptions = new Disruptions(world, (text) => this.#violated(text));
    world.journal.onEffect((effect) => this.#onEffect(effect));
    world.runtime.onChange(() => {
      this.#nothingLost();
      this.#disruptions.settle();
    });
  }

  /** @throws with everything that was violated so far */
  check(): void {
    this.#nothingLost();
    if (this.violations.length === 0) return;
    throw new Error(`${this.violations.join('\n')}\n${this.#world.story()}`);
  }

  #violated(text: string): void {
    if (this.violations.includes(text)) return;
    this.#world.tell(`VIOLATED: ${text}`);
    this.violations.push(text);
  }

  #onEffect(effect: Effect): void {
    if (effect.of === 'topology') this.#noLivingPoolerIsMarked(effect);
    if (effect.of === 'kube' && effect.verb === 'delete' && effect.before) {
      const { kind, metadata } = effect.before;
      const why =
        kind === 'PersistentVolumeClaim' && forbiddenClaimDeletion(this.#world, effect.before);
      if (why) this.#violated(`claim ${metadata.name} was deleted: ${why}`);
      if (kind === 'Pod' && !effect.after) this.#notByForce(metadata.name);
    }
    if (effect.of === 'kube' && effect.verb === 'create' && effect.kind === 'Pod') {
      this.#noSecondProcess(effect.name);
    }
    this.#disruptions.onEffect(effect);
  }

  /** A leader has every row that a client was told to be safe. */
  #nothingLost(): void {
    const { writer } = this.#world.runtime;
    const leader = writer.primary();
    if (!leader || writer.isComplete(leader.volume.wal)) return;
    const { row } = writer.acknowledged ?? {};
    this.#violated(`${leader.pod} leads without row ${row ?? '?'}, which was acknowledged`);
  }

  #noLivingPoolerIsMarked({ key, value }: Extract<Effect, { of: 'topology' }>): void {
    if (!value || !key.includes('/poolers/')) return;
    const record = codecs.Multipooler.decode(value);
    if (record.lifecycle_status?.status !== 'LIFECYCLE_SHUTDOWN') return;
    const pooler = this.#world.runtime.ctx.poolers.get(record.id?.name ?? '');
    if (pooler?.up) this.#violated(`SHUTDOWN was written for ${pooler.pod}, which lives`);
    else if (pooler && this.#mayStillRun(pooler.pod, pooler.node)) {
      this.#violated(
        `SHUTDOWN was written for ${pooler.pod}, whose process may run on ${pooler.node}`,
      );
    }
  }

  #noSecondProcess(pod: string): void {
    const pooler = this.#world.runtime.ctx.poolers.get(names.poolerId(pod));
    if (this.#world.nodes.runs(pod)) {
      this.#violated(`${pod} was created while its predecessor's process runs`);
    } else if (pooler && this.#mayStillRun(pod, pooler.node)) {
      this.#violated(`${pod} was created although its predecessor may run on ${pooler.node}`);
    }
  }

  #notByForce(pod: string): void {
    const pooler = this.#world.runtime.ctx.poolers.get(names.poolerId(pod));
    if (pooler && this.#mayStillRun(pod, pooler.node)) {
      this.#violated(`${pod} was removed by force although it may run on ${pooler.node}`);
    }
  }

  /** Nothing that the operator can know proves that the process is over. */
  #mayStillRun(pod: string, node: string): boolean {
    const { nodes } = this.#world;
    if (nodes.answers(node)) return nodes.runs(pod);
    return !nodes.isDeclaredGone(node) && !nodes.sawEnd(pod);
  }
}
