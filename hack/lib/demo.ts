/** The steps that the demo, the end-to-end tests and the start-up bench share. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { MultigresCluster, Shard } from '../../schemas/types.ts';
import type { KubeObject, Pod } from '../../schemas/k8s.ts';
import { ROOT, run, until } from './run.ts';
import type { Kubectl, RuntimeImages } from './tools.ts';

export const OPERATOR_NAMESPACE = 'multigres-operator';
export const RELEASE = 'multigres-operator';
/** Namespace of the demo; its pods run under the restricted Pod Security profile. */
export const DEMO_NAMESPACE = 'demo';
export const DEMO_CLUSTER = 'demo-multi-az';
/** Of examples/demo-multi-az.yaml. */
export const DEMO_PASSWORD = 'change-me-please';
const CLIENT = 'sql-client';

/** Installs or upgrades the operator's release and waits until it answers. */
export async function installOperator(
  helm: string,
  kubectl: Kubectl,
  operatorImage: string,
  images: RuntimeImages,
): Promise<void> {
  const [repository, tag] = operatorImage.split(':') as [string, string];
  const values: Record<string, string> = {
    'image.repository': repository,
    'image.tag': tag,
    'image.pullPolicy': 'IfNotPresent',
    'runtimeImages.postgres': images.postgres,
    'runtimeImages.multiadmin': images.multigres,
    'runtimeImages.multigateway': images.multigres,
    'runtimeImages.multiorch': images.multigres,
    'runtimeImages.multipooler': images.multigres,
    'runtimeImages.multiadminWeb': images.web,
    'runtimeImages.etcd': images.etcd,
    'runtimeImages.exporter': images.exporter,
  };
  const sets = Object.entries(values).flatMap(([key, value]) => [
    '--set-string',
    `${key}=${value}`,
  ]);
  await run(
    helm,
    [
      'upgrade',
      '--install',
      RELEASE,
      path.join(ROOT, 'chart'),
      '--namespace',
      OPERATOR_NAMESPACE,
      '--create-namespace',
      '--wait',
      '--timeout',
      '5m',
      '--kubeconfig',
      kubectl.kubeconfig,
      ...sets,
    ],
    { quiet: true },
  );
}

/** A namespace under the restricted profile with a client that has psql. */
export async function prepareNamespace(
  kubectl: Kubectl,
  images: RuntimeImages,
  namespace = DEMO_NAMESPACE,
): Promise<void> {
  const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: restricted } },
    client(images.postgres, namespace),
  ];
  await kubectl.run(['apply', '-f', '-'], objects.map((o) => JSON.stringify(o)).join('\n'));
  const status = ['rollout', 'status', `deployment/${CLIENT}`, '--timeout=120s'];
  await kubectl.run(['-n', namespace, ...status]);
}

/** A Deployment, so that a drained node is no end to it. */
function client(image: string, namespace: string): KubeObject {
  const labels = { app: CLIENT };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: CLIENT, namespace },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: clientPod(image) },
    },
  };
}

const clientPod = (image: string): object => ({
  terminationGracePeriodSeconds: 0,
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 999,
    runAsGroup: 999,
    seccompProfile: { type: 'RuntimeDefault' },
  },
  containers: [
    {
      name: 'psql',
      image,
      imagePullPolicy: 'IfNotPresent',
      command: ['tail', '-f', '/dev/null'],
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    },
  ],
});

/** The announcement's manifests, in the order in which a user applies them. */
export const MANIFESTS = ['examples/eks-smallest.yaml', 'examples/demo-multi-az.yaml'] as const;

/** Applies the announcement's cluster; gives what kubectl says. */
export async function applyDemo(kubectl: Kubectl, namespace = DEMO_NAMESPACE): Promise<string> {
  const said: string[] = [];
  for (const manifest of MANIFESTS) {
    const text = await readFile(path.join(ROOT, manifest), 'utf8');
    said.push(await kubectl.run(['apply', '-n', namespace, '-f', '-'], text));
  }
  return said.join('\n');
}

export interface SqlTarget {
  namespace?: string;
  host: string;
  port: number;
  password: string;
}

export function writeTarget(
  password: string,
  cluster = DEMO_CLUSTER,
  namespace = DEMO_NAMESPACE,
): SqlTarget {
  return { namespace, host: `${cluster}-multigateway`, port: 5432, password };
}

export function readTarget(
  password: string,
  cluster = DEMO_CLUSTER,
  namespace = DEMO_NAMESPACE,
): SqlTarget {
  return { namespace, host: `${cluster}-multigateway-replica`, port: 5433, password };
}

const url = (target: SqlTarget): string =>
  `host=${target.host} port=${target.port} user=postgres dbname=postgres sslmode=disable connect_timeout=25`;

/** Runs a program in the client's pod, with the password where psql looks for it. */
const inClient = async (kubectl: Kubectl, target: SqlTarget, command: string[]): Promise<string> =>
  await kubectl.run([
    ...['-n', target.namespace ?? DEMO_NAMESPACE, 'exec', `deployment/${CLIENT}`, '--'],
    ...['env', `PGPASSWORD=${target.password}`],
    ...command,
  ]);

/** Runs SQL from inside the cluster; gives the unaligned rows. Throws with psql's words. */
export async function sql(kubectl: Kubectl, target: SqlTarget, statement: string): Promise<string> {
  const options = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1'];
  return await inClient(kubectl, target, ['psql', ...options, url(target), '-c', statement]);
}

/**
 * Writes one row as soon as the cluster accepts it, asking every 0.1 s from inside. Resolves with the
 * time of the first acknowledged write (milliseconds since the epoch, by this machine's clock).
 */
export async function firstWrite(
  kubectl: Kubectl,
  target: SqlTarget,
  timeoutMs: number,
): Promise<number> {
  const statement =
    "CREATE TABLE IF NOT EXISTS hello (id bigserial PRIMARY KEY, said text, at timestamptz DEFAULT now()); INSERT INTO hello (said) VALUES ('first write')";
  const script = `end=$(( $(date +%s) + ${Math.ceil(timeoutMs / 1000)} ))
    until psql -X -q -v ON_ERROR_STOP=1 "$1" -c "$2" >/dev/null 2>&1; do
      [ "$(date +%s)" -lt "$end" ] || exit 1
      sleep 0.1
    done
    date +%s%3N`;
  const out = await inClient(kubectl, target, ['sh', '-c', script, 'sh', url(target), statement]);
  return Number(out.split('\n').at(-1));
}

export async function getCluster(
  kubectl: Kubectl,
  name = DEMO_CLUSTER,
  namespace = DEMO_NAMESPACE,
): Promise<MultigresCluster> {
  return await kubectl.json<MultigresCluster>(['-n', namespace, 'get', 'multigrescluster', name]);
}

export async function getShards(kubectl: Kubectl, namespace = DEMO_NAMESPACE): Promise<Shard[]> {
  return (await kubectl.json<{ items: Shard[] }>(['-n', namespace, 'get', 'shards'])).items;
}

export async function poolPods(kubectl: Kubectl, namespace = DEMO_NAMESPACE): Promise<Pod[]> {
  const list = await kubectl.json<{ items: Pod[] }>([
    '-n',
    namespace,
    'get',
    'pods',
    '-l',
    'app.kubernetes.io/component=shard-pool',
  ]);
  return list.items;
}

/** Waits until the cluster says Healthy; `tell` hears each change of what it says meanwhile. */
export async function untilHealthy(
  kubectl: Kubectl,
  timeoutMs: number,
  tell: (line: string) => void,
  name = DEMO_CLUSTER,
  namespace = DEMO_NAMESPACE,
): Promise<MultigresCluster> {
  let last = '';
  return await until(
    () => `cluster ${namespace}/${name} to be Healthy; it last said: ${last}`,
    timeoutMs,
    async () => {
      const cluster = await getCluster(kubectl, name, namespace);
      const { phase = 'not seen yet', message } = cluster.status ?? {};
      const line = message ? `${phase}: ${message}` : phase;
      if (line !== last) tell(line);
      last = line;
      const { status } = cluster;
      const seen = status?.observedGeneration === cluster.metadata.generation;
      return seen && status?.phase === 'Healthy' ? cluster : undefined;
    },
    1000,
  );
}
