import type { Flags } from './flags.ts';

/** What a role gets: its flags and its environment. Resolves to the exit code when the process shall end. */
export type RunRole = (flags: Flags, env: NodeJS.ProcessEnv) => Promise<number>;

/** Resolves with the name of the first SIGTERM or SIGINT. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve(name));
  });
}

/** Waits. @param ms milliseconds @param signal ends the wait early, without an error */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done);
  });
}

/** A number from a private setting of the emulator, e.g. EMULATOR_MONITOR_MS; the runtime's value when unset. */
export function setting(env: NodeJS.ProcessEnv, name: string, otherwise: number): number {
  const text = env[`EMULATOR_${name}`];
  const value = text === undefined || text === '' ? otherwise : Number(text);
  if (!Number.isFinite(value)) throw new Error(`EMULATOR_${name}=${text} is no number`);
  return value;
}
