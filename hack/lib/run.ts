/** Running other programs from our scripts: output shown or captured, failures with what was asked. */
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');

/** A line on the terminal with the time, the way the shell scripts of hack/local print theirs. */
export function say(text: string): void {
  process.stderr.write(`[${new Date().toTimeString().slice(0, 8)}] ${text}\n`);
}

export interface RunOptions {
  env?: Record<string, string>;
  input?: string;
  /** Milliseconds; the program is ended after that. Default 30 minutes. */
  timeoutMs?: number;
  /** Show standard output instead of capturing it. */
  show?: boolean;
  /** Do not show standard error either; it becomes part of the error. */
  quiet?: boolean;
  cwd?: string;
}

export class CommandError extends Error {
  readonly code: number;
  readonly output: string;
  constructor(command: string, code: number, output: string) {
    super(`${command} ended with ${code}${output ? `: ${output.trim().slice(-2000)}` : ''}`);
    this.name = 'CommandError';
    this.code = code;
    this.output = output;
  }
}

/** Runs a program and returns its standard output, trimmed. Throws CommandError on failure. */
export async function run(
  program: string,
  args: string[],
  options: RunOptions = {},
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn(program, args, {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, ...options.env },
    stdio: ['pipe', options.show ? 'inherit' : 'pipe', options.quiet ? 'pipe' : 'inherit'],
    timeout: options.timeoutMs ?? 30 * 60_000,
  });
  let out = '';
  let err = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (err += chunk));
  child.on('error', reject);
  child.on('close', (code) => {
    if (code === 0) resolve(out.trim());
    else
      reject(new CommandError([program, ...args].join(' ').slice(0, 200), code ?? -1, err || out));
  });
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input ?? '');
  return await promise;
}

/** Like run, but gives undefined instead of failing. */
export async function tryRun(
  program: string,
  args: string[],
  options: RunOptions = {},
): Promise<string | undefined> {
  try {
    return await run(program, args, { ...options, quiet: true });
  } catch {
    return undefined;
  }
}

/** A script of hack/local; its progress lines go to the terminal. */
export async function local(
  script: string,
  args: string[] = [],
  options: RunOptions = {},
): Promise<string> {
  const output = await run('bash', [path.join(ROOT, 'hack/local', script), ...args], options);
  return output.split('\n').at(-1) ?? '';
}

/** Waits until `check` gives a value other than undefined. Throws with `what` after the deadline. */
export async function until<T>(
  what: string | (() => string),
  timeoutMs: number,
  check: () => Promise<T | undefined> | T | undefined,
  intervalMs = 500,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await check();
      if (value !== undefined) return value;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      const why = last instanceof Error ? ` (last error: ${last.message})` : '';
      const text = typeof what === 'string' ? what : what();
      throw new Error(`waited ${Math.round(timeoutMs / 1000)} s for ${text}${why}`);
    }
    await new Promise((done) => setTimeout(done, intervalMs));
  }
}

/** Ends a process that we started: asks, and after 15 s insists. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  child.once('exit', () => resolve());
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await promise;
  clearTimeout(timer);
}
