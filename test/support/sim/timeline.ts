/** Time of a simulated world, and the story of what happened in it. */
import type { FakeClock } from '../clock.ts';
import type { Session } from './session.ts';

/** Between two evaluations of what a test waits for. */
const LOOK_MS = 50;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class Timeline {
  readonly #clock: FakeClock;
  readonly #startMs: number;
  readonly #story: string[] = [];
  /** The process whose code runs in between. */
  session: Session | undefined;

  constructor(clock: FakeClock) {
    this.#clock = clock;
    this.#startMs = clock.now();
  }

  /** Lets time pass. */
  async run(ms: number): Promise<void> {
    const endMs = this.#clock.now() + ms;
    await this.#settle();
    while (this.#clock.fireNext(endMs)) await this.#settle();
  }

  /** Lets time pass until something is so; false when it is not within `limitMs`. */
  async until(isSo: () => boolean, limitMs: number): Promise<boolean> {
    const endMs = this.#clock.now() + limitMs;
    await this.#settle();
    for (let lookMs = this.#clock.now(); ;) {
      if (this.#clock.now() >= lookMs) {
        if (isSo()) return true;
        lookMs = this.#clock.now() + LOOK_MS;
      }
      if (!this.#clock.fireNext(endMs)) return isSo();
      await this.#settle();
    }
  }

  /** Adds a line to the story. */
  tell(text: string): void {
    const seconds = ((this.#clock.now() - this.#startMs) / 1000).toFixed(2).padStart(7);
    this.#story.push(`${seconds} ${text}`);
  }

  /** The last lines of the story. */
  story(lines: number): string {
    return this.#story.slice(-lines).join('\n');
  }

  /** Lets code of the operator run that has become able to. */
  async #settle(): Promise<void> {
    while (this.session?.touched) {
      this.session.touched = false;
      await turn();
    }
  }
}
