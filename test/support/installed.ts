/** The programs of an installed chart, run on this machine as their Deployments would run them. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import type { KubeObject, PodSpec } from '../../schemas/k8s.ts';
import { kubeconfig, kubectl } from './cluster.ts';
import { eventually } from './kube-api.ts';
import { freePort } from './webhook.ts';

const root = path.join(import.meta.dirname, '../..');
const START_MS = 60_000;

export interface Program {
  /** Lines of its log so far. */
  log: Record<string, unknown>[];
  /** Waits until /readyz says yes; its last words when it does not. */
  ready(): Promise<void>;
  /** Sends SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** A kubeconfig with a token of a service account. */
function kubeconfigAs(namespace: string, account: string, file: string): void {
  const token = kubectl(['-n', namespace, 'create', 'token', account]);
  const config = parse(readFileSync(kubeconfig(), 'utf8')) as { users: { user: unknown }[] };
  for (const user of config.users) user.user = { token: token.trim() };
  writeFileSync(file, stringify(config), { mode: 0o600 });
}

/**
 * Starts what the Deployment `name` describes: its program, its settings, its service account. Only the
 * addresses are ours, given as flags by `args` from a free port.
 */
export async function startProgram(
  namespace: string,
  name: string,
  args: (health: string) => string[],
): Promise<Program> {
  const text = kubectl(['-n', namespace, 'get', 'deployment', name, '-o', 'json']);
  const { spec } = JSON.parse(text) as KubeObject<{ template: { spec: PodSpec } }>;
  const pod = spec?.template.spec;
  const container = pod?.containers[0];
  // options of Node come before its program
  const options = container?.args ?? [];
  const bundle = options.find((arg) => arg.endsWith('.mjs')) ?? '';
  const flags = options.slice(0, options.indexOf(bundle));
  const folder = mkdtempSync(path.join(tmpdir(), 'multigres-installed-'));
  const config = path.join(folder, 'kubeconfig');
  kubeconfigAs(namespace, String(pod?.['serviceAccountName']), config);
  const settings = (container?.env ?? []).flatMap(({ name: key, value }) =>
    value === undefined ? [] : [[key, value]],
  );
  const health = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    process.execPath,
    [...flags, `${path.basename(bundle, '.mjs')}/main.ts`, ...args(health)],
    {
      cwd: root,
      env: {
        ...(Object.fromEntries(settings) as Record<string, string>),
        PATH: process.env['PATH'] ?? '',
        POD_NAMESPACE: namespace,
        POD_NAME: name,
        KUBECONFIG: config,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const log: Record<string, unknown>[] = [];
  let errors = '';
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) log.push(JSON.parse(line) as Record<string, unknown>);
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    log,
    async ready() {
      let last = '';
      const probe = async (): Promise<boolean> => {
        if (child.exitCode !== null) throw new Error(`${name} ended: ${errors}`);
        const answer = await fetch(`http://${health}/readyz`).catch(() => undefined);
        last = (await answer?.text()) ?? 'it does not listen';
        return answer?.ok ?? false;
      };
      await eventually(`${name} is ready`, probe, START_MS).catch((error: unknown) => {
        throw new Error(`${String(error)}: ${last} ${JSON.stringify(log.slice(-5))}`);
      });
    },
    async stop() {
      child.kill('SIGTERM');
      const code = await ended;
      rmSync(folder, { recursive: true, force: true });
      return code;
    },
  };
}
