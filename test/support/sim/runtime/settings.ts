/** The settings of one server: the file as mounted, and what it was started with. */
import { parseSettings } from '../../../../schemas/postgres-conf.ts';
import { needsRestart } from '../../../../schemas/postgres-settings.ts';
import type { ReloadConfigResponse } from '../../../../controller/rpc/types.ts';
import { fromMs } from '../../../../emulator/orch/messages.ts';
import type { Control } from './volume.ts';
import { CONTROLLED } from './volume.ts';

export class Settings {
  #file: ReadonlyMap<string, string>;
  #started: ReadonlyMap<string, string> = new Map();

  constructor(text: string) {
    this.#file = parseSettings(text);
  }

  /** The mounted file changed. */
  mount(text: string): void {
    this.#file = parseSettings(text);
  }

  /** The server starts with what the file says now. */
  start(): void {
    this.#started = this.#file;
  }

  /** What a control file would keep of the running server. */
  get control(): Control {
    const entries = CONTROLLED.flatMap((name) => {
      const value = Number(this.#started.get(name));
      return Number.isFinite(value) ? [[name, value] as const] : [];
    });
    return Object.fromEntries(entries);
  }

  /** The first setting with which a standby would not start; undefined when it would. */
  below(control: Control): string | undefined {
    return CONTROLLED.find((name) => {
      const [own, needed] = [Number(this.#file.get(name)), control[name]];
      return needed !== undefined && Number.isFinite(own) && own < needed;
    });
  }

  /** ReloadConfig: confirmed once the file has every expected value. */
  reload(expected: Readonly<Record<string, string>>, nowMs: number): ReloadConfigResponse {
    const missing = Object.keys(expected).filter((name) => this.#file.get(name) !== expected[name]);
    if (missing.length > 0) return { mismatches: missing.map((name) => ({ name })) };
    const restart = Object.keys(expected).filter(
      (name) => needsRestart(name) && this.#started.get(name) !== expected[name],
    );
    if (restart.length === 0) return { config_load_time: fromMs(nowMs) };
    return {
      needs_restart: true,
      mismatches: restart.map((name) => ({ name, requires_restart: true })),
    };
  }
}
