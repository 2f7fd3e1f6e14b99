import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import path from 'node:path';
import { kubeconfig } from './cluster.ts';

const root = path.join(import.meta.dirname, '../..');
/** Long, because test machines can be busy; a start takes about one second. */
const START_MS = 120_000;

export interface RunningWebhook {
  port: number;
  healthPort: number;
  /** Lines of its log so far, parsed. */
  log: Record<string, unknown>[];
  /** Sends SIGTERM and resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** A port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

/** Starts the real webhook process and waits until it is ready. */
export async function startWebhook(
  args: string[],
  options: { kubeconfig?: string; publish?: 'url' | 'service' } = {},
): Promise<RunningWebhook> {
  const [port, healthPort] = [await freePort(), await freePort()];
  const child = spawn(
    process.execPath,
    [
      'webhook/main.ts',
      '--host=127.0.0.1',
      `--port=${port}`,
      `--health-address=127.0.0.1:${healthPort}`,
      ...(options.publish === 'service' ? [] : [`--publish-url=https://127.0.0.1:${port}`]),
      '--drain-seconds=0',
      '--log-level=debug',
      ...args,
    ],
    {
      cwd: root,
      env: { PATH: process.env['PATH'] ?? '', KUBECONFIG: options.kubeconfig ?? kubeconfig() },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const log: Record<string, unknown>[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) log.push(JSON.parse(line) as Record<string, unknown>);
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  await untilReady(child, healthPort, () => errors + JSON.stringify(log.slice(-5)));
  return {
    port,
    healthPort,
    log,
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

async function untilReady(
  child: ChildProcess,
  healthPort: number,
  words: () => string,
): Promise<void> {
  const end = Date.now() + START_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the webhook ended: ${words()}`);
    try {
      const answer = await fetch(`http://127.0.0.1:${healthPort}/readyz`);
      if (answer.ok) return;
      if (Date.now() > end) throw new Error(`not ready: ${await answer.text()} ${words()}`);
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Polls until `check` gives something; fails after `ms`. */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined> | T | undefined,
  ms = 20_000,
): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const found = await check();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`not seen within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
