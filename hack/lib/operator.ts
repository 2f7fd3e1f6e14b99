/**
 * Our webhooks and controller as local processes against any control plane, with the identities and
 * rights that the chart would give them. Used by the playground.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse, parseAllDocuments, stringify } from 'yaml';
import type { EnvVar, KubeObject, PodSpec } from '../../schemas/k8s.ts';
import { OPERATOR_NAMESPACE, RELEASE } from './demo.ts';
import { end, ROOT, run, say, until } from './run.ts';
import type { Kubectl } from './tools.ts';

/** Kinds of the chart's objects that make sense without a kubelet. */
const NEEDED = [
  'CustomResourceDefinition',
  'ServiceAccount',
  'Secret',
  'ClusterRole',
  'ClusterRoleBinding',
  'Role',
  'RoleBinding',
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
];

interface WebhookEntry {
  clientConfig: { url?: string; service?: { path: string } };
}

/** A webhook configuration that finds us on this machine instead of through a Service. */
function onThisMachine(
  object: KubeObject & { webhooks?: WebhookEntry[] },
  port: number,
): KubeObject {
  for (const entry of object.webhooks ?? []) {
    const path = entry.clientConfig.service?.path ?? '/';
    entry.clientConfig = { url: `https://127.0.0.1:${port}${path}` };
  }
  return object;
}

/** What the chart's Deployment gives to the container of this role: its environment, and flags of Node. */
function settingsOf(
  objects: KubeObject[],
  role: Role,
): { env: Record<string, string>; flags: string[] } {
  const deployment = objects.find(
    ({ kind, metadata }) => kind === 'Deployment' && metadata.name.endsWith(role),
  ) as KubeObject<{ template: { spec: PodSpec } }> | undefined;
  const { env = [], args = [] } = deployment?.spec?.template.spec.containers[0] ?? {};
  return {
    env: Object.fromEntries(
      env.flatMap(({ name, value }: EnvVar) => (value === undefined ? [] : [[name, value]])),
    ),
    flags: args.slice(0, args.indexOf(`/app/${role}.mjs`)),
  };
}

type Role = 'webhook' | 'controller';

export interface LocalOperator {
  stop(): Promise<void>;
  /** Process of this role. */
  pid(role: Role): number;
  /** Requests of the controller that change something, since it started, by its own count. */
  writes(): Promise<number>;
  /** Ends the controller and starts it anew; resolves when it is ready. */
  restartController(): Promise<void>;
  /** Files that the processes log to. */
  logs: string[];
}

export interface LocalOperatorOptions {
  kubectl: Kubectl;
  helm: string;
  /** For kubeconfigs and logs. */
  folder: string;
  /** Ports from here on: webhook, its health, the controller's health and its metrics. */
  port: number;
  /** Images that clusters get, MULTIGRES_IMAGE_*. */
  env?: Record<string, string>;
}

/** Applies what of the chart does not run in pods; gives the rendered objects. */
async function applyChart(kubectl: Kubectl, helm: string, port: number): Promise<KubeObject[]> {
  const rendered = await run(
    helm,
    [
      'template',
      RELEASE,
      path.join(ROOT, 'chart'),
      '-n',
      OPERATOR_NAMESPACE,
      '--kube-version',
      '1.34.0',
    ],
    { quiet: true },
  );
  const objects = parseAllDocuments(rendered)
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object): object is KubeObject => object !== null);
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: OPERATOR_NAMESPACE } };
  const wanted = [
    namespace,
    ...objects
      .filter(({ kind }) => NEEDED.includes(kind))
      .map((object) => onThisMachine(object, port)),
  ];
  await kubectl.run(
    ['apply', '--server-side', '--force-conflicts', '-f', '-'],
    wanted.map((object) => stringify(object)).join('---\n'),
  );
  await kubectl.run(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
  return objects;
}

/** A kubeconfig that acts as a service account for a day. */
async function kubeconfigAs(kubectl: Kubectl, account: string, file: string): Promise<void> {
  const token = await kubectl.run([
    '-n',
    OPERATOR_NAMESPACE,
    'create',
    'token',
    account,
    '--duration=24h',
  ]);
  const config = parse(await readFile(kubectl.kubeconfig, 'utf8')) as {
    users: { user: unknown }[];
  };
  for (const user of config.users) user.user = { token };
  writeFileSync(file, stringify(config), { mode: 0o600 });
}

export async function startLocalOperator(options: LocalOperatorOptions): Promise<LocalOperator> {
  const { kubectl, helm, folder, port } = options;
  mkdirSync(folder, { recursive: true });
  const objects = await applyChart(kubectl, helm, port);
  const accounts = objects
    .filter(({ kind }) => kind === 'ServiceAccount')
    .map(({ metadata }) => metadata.name);
  const children = new Map<Role, ChildProcess>();
  const logs: string[] = [];
  const args: Record<Role, string[]> = {
    webhook: [
      `--port=${port}`,
      '--host=127.0.0.1',
      `--health-address=127.0.0.1:${port + 1}`,
      `--publish-url=https://127.0.0.1:${port}`,
    ],
    controller: [
      `--health-probe-bind-address=127.0.0.1:${port + 2}`,
      `--metrics-bind-address=127.0.0.1:${port + 3}`,
      '--leader-elect=false',
    ],
  };
  const configOf = (role: Role): string => path.join(folder, `${role}.kubeconfig`);
  const logIn = async (role: Role): Promise<void> => {
    const account = accounts.find((name) => name.endsWith(role));
    if (!account)
      throw new Error(`the chart has no service account for the ${role}: ${accounts.join(', ')}`);
    await kubeconfigAs(kubectl, account, configOf(role));
  };
  const start = (role: Role): void => {
    const log = path.join(folder, `${role}.log`);
    if (!logs.includes(log)) logs.push(log);
    const { env, flags } = settingsOf(objects, role);
    const program = path.join(ROOT, 'dist', `${role}.mjs`);
    const child = spawn(process.execPath, [...flags, program, ...args[role]], {
      env: {
        ...process.env,
        ...env,
        ...options.env,
        KUBECONFIG: configOf(role),
        POD_NAMESPACE: OPERATOR_NAMESPACE,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const file = createWriteStream(log, { flags: 'a' });
    child.stdout.pipe(file, { end: false });
    child.stderr.pipe(file, { end: false });
    children.set(role, child);
  };
  const untilReady = async (role: Role): Promise<void> => {
    const health = port + (role === 'webhook' ? 1 : 2);
    await until(
      `http://127.0.0.1:${health}/readyz (logs: ${logs.join(', ')})`,
      30_000,
      async () => {
        const code = children.get(role)?.exitCode ?? null;
        if (code !== null) throw new Error(`the ${role} ended with ${code}`);
        return (await fetch(`http://127.0.0.1:${health}/readyz`)).ok ? true : undefined;
      },
      100,
    );
  };
  const roles: Role[] = ['webhook', 'controller'];
  await Promise.all(roles.map(logIn));
  for (const role of roles) start(role);
  for (const role of roles) await untilReady(role);
  return {
    logs,
    pid: (role) => children.get(role)?.pid ?? 0,
    writes: async () => {
      const text = await (await fetch(`http://127.0.0.1:${port + 3}/metrics`)).text();
      const counts = text.matchAll(/^rest_client_requests_total\{method="(?!GET)\w+".*\} (\d+)$/gm);
      return [...counts].reduce((all, [, count]) => all + Number(count), 0);
    },
    restartController: async () => {
      const before = children.get('controller');
      if (before) await end(before);
      start('controller');
      await untilReady('controller');
    },
    stop: async () => {
      say('stopping the webhook and the controller');
      await Promise.all([...children.values()].map(end));
    },
  };
}
