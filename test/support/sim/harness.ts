/**
 * A world with one shard and one operator, in virtual time. The same seed and the same steps give the same
 * history, which `story` tells when a test fails.
 */
import { KINDS } from '../../../schemas/k8s.ts';
import type { Controller } from '../../../controller/controller.ts';
import { FakeClock } from '../clock.ts';
import { Journal } from './effects.ts';
import { Invariants } from './invariants.ts';
import { ApiServer } from './kube/api-server.ts';
import { Faults } from './kube/faults.ts';
import { createFakeTransport } from './kube/transport.ts';
import type { Context } from './nodes/context.ts';
import { evict } from './nodes/eviction.ts';
import { startOperator } from './operator.ts';
import type { Pace } from './pace.ts';
import { FAST, INSTANT } from './pace.ts';
import { createRandom } from './random.ts';
import type { Shape } from './scenario.ts';
import * as scenario from './scenario.ts';
import { Session } from './session.ts';
import { ShardView } from './shard-view.ts';
import { SimNodes } from './sim-nodes.ts';
import { SimRuntime } from './sim-runtime.ts';
import { Timeline } from './timeline.ts';

export interface WorldOptions extends Shape {
  seed?: number;
  pace?: Pace;
  /** Nodes of each cell, 1 unless given. */
  nodesPerCell?: number;
  /** From a change in the API to the operator's copies, in ms. */
  watchMs?: number;
  /** The orchestrators of image 66d2310 do, those of today were not seen to. */
  removesIneligible?: boolean;
  /** Copies from the oldest backup catch up; without it they wait for ever once another leads. */
  keepsLog?: boolean;
  /** Of the operator; the Shard's alone unless given. */
  controllers?: () => readonly Controller[];
}

export interface RecordedEvent {
  type: string;
  reason: string;
  message: string;
  atMs: number;
}

/** From a crash to the new process. */
const RESTART_MS = 500;
const REQUEST_MS = [2, 6] as const;
/** Without an effect of the operator for so long, it has nothing to do. */
const CALM_MS = 3000;

export class World {
  readonly clock = new FakeClock();
  readonly server = new ApiServer(this.clock);
  readonly faults = new Faults();
  readonly journal = new Journal(this.clock);
  /** Events of the operator, in order. */
  readonly events: RecordedEvent[] = [];
  readonly nodes: SimNodes;
  readonly runtime: SimRuntime;
  readonly shard: ShardView;
  readonly invariants: Invariants;
  readonly options: WorldOptions;
  readonly #timeline = new Timeline(this.clock);
  readonly #context: Context;
  readonly #pace: Pace;

  constructor(options: WorldOptions) {
    this.options = options;
    const { clock, server } = this;
    const tell = (text: string): void => this.tell(text);
    this.#pace = { ...(options.pace ?? FAST) };
    const random = createRandom(options.seed ?? 1);
    this.#context = { clock, server, random, pace: this.#pace, tell };
    this.runtime = new SimRuntime(this.#context, {
      shard: scenario.shardName(),
      namespace: scenario.NAMESPACE,
      root: scenario.ROOT,
      shardKey: scenario.SHARD_KEY,
      policy: options.policy ?? 'AT_LEAST_2',
      removesIneligible: options.removesIneligible ?? false,
      keepsLog: options.keepsLog ?? false,
    });
    this.nodes = new SimNodes(this.#context, this.runtime.start);
    this.runtime.attach(this.nodes);
    this.shard = new ShardView(server, this.runtime, tell);
    this.journal.onEffect((effect) => tell(`operator ${effect.n}: ${effect.what}`));
    this.invariants = new Invariants(this);
    for (const cell of options.cells) {
      for (let at = 0; at < (options.nodesPerCell ?? 1); at += 1) {
        this.nodes.add(`node-${cell}-${at}`, cell);
      }
    }
  }

  /** Applies everything a shard needs, and starts the operator. */
  begin(): this {
    this.server.create(KINDS.Secret, scenario.passwordSecret());
    this.server.create(KINDS.Secret, scenario.backupSecret());
    scenario.registerTopology(this.runtime.ctx.etcd, this.options);
    this.server.create(KINDS.Shard, scenario.shardObject(this.options));
    this.startOperator();
    return this;
  }

  /** From nothing to a healthy shard by the shortest way; what a test does then goes at the usual pace. */
  async beginHealthy(): Promise<this> {
    const usual = { ...this.#pace };
    Object.assign(this.#pace, INSTANT);
    await this.begin().untilSteady();
    Object.assign(this.#pace, usual);
    this.runtime.writer.resetPause();
    this.tell('the shard is healthy');
    return this;
  }

  /** A new process of the operator, which remembers nothing. */
  startOperator(): void {
    const { clock, journal, server, faults, events } = this;
    const { random } = this.#context;
    const session = new Session({ clock, journal });
    this.#timeline.session = session;
    session.onDeath(() => {
      this.tell('the operator dies');
      if (session.crashed) clock.after(RESTART_MS, () => this.startOperator());
    });
    this.tell('the operator starts');
    startOperator({
      session,
      transport: createFakeTransport({
        server,
        session,
        faults,
        evict: (request) => evict(this.#context, request),
        requestMs: () => random.between(...REQUEST_MS),
        watchMs: () => this.options.watchMs ?? random.between(1, 10),
      }),
      runtime: this.runtime,
      random: () => random.next(),
      tell: (text) => this.tell(text),
      onEvent: (event) => events.push({ ...event, atMs: clock.now() }),
      ...(this.options.controllers ? { controllers: this.options.controllers } : {}),
    });
  }

  stopOperator(): void {
    this.#timeline.session?.kill();
  }

  restartOperator(): void {
    this.stopOperator();
    this.startOperator();
  }

  /** Lets time pass. */
  run(ms: number): Promise<void> {
    return this.#timeline.run(ms);
  }

  /** Lets time pass until something is so. @throws with the story when it is not within `limitMs` */
  async until(what: string, isSo: () => boolean, limitMs = 120_000): Promise<void> {
    if (await this.#timeline.until(isSo, limitMs)) return;
    throw new Error(`not within ${limitMs / 1000} s: ${what}\n${this.story()}`);
  }

  /** Until the shard is healthy, as specified, and the operator has nothing left to do. */
  async untilSteady(limitMs = 300_000): Promise<void> {
    await this.until('the shard is healthy and nothing moves', () => this.isSteady, limitMs);
    this.invariants.check();
  }

  get isSteady(): boolean {
    const { object, status } = this.shard;
    const last = this.journal.effects.at(-1)?.atMs ?? 0;
    return (
      status.phase === 'Healthy' &&
      status.observedGeneration === object.metadata.generation &&
      this.clock.now() - last >= CALM_MS &&
      this.shard.wantedPods().every((name) => this.nodes.pod(name) !== undefined) &&
      this.shard.pods().every((pod) => pod.metadata.deletionTimestamp === undefined)
    );
  }

  tell(text: string): void {
    this.#timeline.tell(text);
  }

  /** What happened, one line each; the last ones of a long story. */
  story(lines = 200): string {
    const { phase = 'no status', message = '' } = this.shard.status;
    const now = `seed ${this.options.seed ?? 1}, ${phase}: ${message}`;
    return scenario.shortened([this.#timeline.story(lines), now].join('\n'));
  }
}
