/** The control plane that the bench uses: a real API server, with the objects that a review meets. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../schemas/k8s.ts';
import { local, ROOT, until } from '../lib/run.ts';
import { Kubectl, kubernetes, stopControlPlane } from '../lib/tools.ts';
import type { Target } from './connection.ts';

const NAME = 'bench';
export const NAMESPACE = 'bench';
/** A namespace whose objects no webhook is asked about, and its label. */
export const ALONE = 'bench-alone';
const LEFT_ALONE = 'bench.multigres.com/left-alone';
export const OPERATOR = 'bench-operator';
/** Three Nodes in each zone, so that the manifest is one that nothing can be said against. */
const NODES = ['a', 'b', 'c']
  .flatMap((zone) => [1, 2, 3].map((i) => `node-${zone}${i}=zone-${zone}`))
  .join();
/** Both webhook configurations are called so. */
export const CONFIGURATION = 'bench-webhooks';
const CONFIGURATIONS = ['mutatingwebhookconfiguration', 'validatingwebhookconfiguration'] as const;
/** A block in which admission has something to write. */
export const EMPTY_BLOCK = { multiadminWeb: {} };
/** The same as it is stored. */
export const WRITTEN_BLOCK = { multiadminWeb: { spec: {} } };

export interface BenchWorld {
  kubectl: Kubectl;
  apiServer: Target;
  /** The cluster as `kubectl apply` would send it. */
  manifest: KubeObject;
  /** The same as the API server shows it to the webhooks: with managedFields and the defaults of the CRD. */
  admitted: KubeObject;
  /** And as one with an older CRD would: every constant is left for admission to write. */
  bare: KubeObject;
  stop(): Promise<void>;
}

export async function startWorld(port: number): Promise<BenchWorld> {
  const { kubectl: program } = await kubernetes();
  const settings = { CP_PORT: String(port), CP_NODES: NODES };
  const kubectl = new Kubectl(program, await local('cp.sh', ['up', NAME], { env: settings }));
  const stop = (): Promise<void> => stopControlPlane(NAME, port);
  try {
    await kubectl.run(['apply', '--server-side', '-f', path.join(ROOT, 'chart/files/crds')]);
    await kubectl.run(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
    for (const name of [NAMESPACE, ALONE, OPERATOR])
      await kubectl.run(['create', 'namespace', name]);
    await kubectl.run(['label', 'namespace', ALONE, `${LEFT_ALONE}=true`]);
    const { cluster, others } = await readManifest();
    await kubectl.run(['apply', '-n', NAMESPACE, '-f', '-'], others);
    const admitted = JSON.parse(
      await kubectl.run(
        ['apply', '-n', NAMESPACE, '--dry-run=server', '--show-managed-fields', '-o=json', '-f=-'],
        cluster,
      ),
    ) as KubeObject;
    const apiServer = await apiServerOf(kubectl.kubeconfig);
    const { spec } = JSON.parse(cluster) as KubeObject;
    const bare = { ...admitted, spec };
    return { kubectl, apiServer, manifest: asSent(bare), admitted, bare, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function readManifest(): Promise<{ cluster: string; others: string }> {
  const file = await readFile(path.join(import.meta.dirname, 'cluster.yaml'), 'utf8');
  const objects = parseAllDocuments(file).map((one) => one.toJS() as KubeObject);
  // kubectl reads JSON too, and JSON knows no anchors
  const write = (wanted: boolean): string =>
    objects
      .filter(({ kind }) => (kind === 'MultigresCluster') === wanted)
      .map((object) => JSON.stringify(object))
      .join('\n---\n');
  return { cluster: write(true), others: write(false) };
}

function asSent(admitted: KubeObject): KubeObject {
  const { name, labels, annotations } = admitted.metadata;
  return {
    ...admitted,
    metadata: {
      name,
      namespace: NAMESPACE,
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
    },
  };
}

interface KubeConfig {
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
  users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[];
}

async function apiServerOf(kubeconfig: string): Promise<Target> {
  const { clusters, users } = parse(await readFile(kubeconfig, 'utf8')) as KubeConfig;
  const cluster = clusters[0]?.cluster;
  const user = users[0]?.user;
  if (!cluster || !user) throw new Error(`${kubeconfig} holds no cluster or no user`);
  const decode = (data: string): string => Buffer.from(data, 'base64').toString('utf8');
  return {
    port: Number(new URL(cluster.server).port),
    ca: decode(cluster['certificate-authority-data']),
    cert: decode(user['client-certificate-data']),
    key: decode(user['client-key-data']),
  };
}

/** The CA of the webhook's certificate, from the Secret that the webhook made. */
export async function webhookCa(kubectl: Kubectl): Promise<string> {
  const secret = await kubectl.json<KubeObject>([
    'get',
    'secret',
    '-n',
    OPERATOR,
    'multigres-webhook-ca',
  ]);
  const pem = Buffer.from(secret.data?.['ca.crt'] ?? '', 'base64').toString('utf8');
  return new X509Certificate(pem).toString();
}

/** The manifest as JSON, in a namespace and with more in its spec. */
export function manifestIn({ manifest }: BenchWorld, namespace: string, more: object): string {
  return JSON.stringify({
    ...manifest,
    metadata: { ...manifest.metadata, namespace },
    spec: { ...(manifest.spec as object), ...more },
  });
}

/**
 * Lets the webhooks be, but for one namespace: requests with and without them can then take turns, and
 * what the machine does meanwhile meets both alike. Waits until the API server acts on it.
 */
export async function exceptNamespace(world: BenchWorld): Promise<void> {
  const { kubectl } = world;
  const selector = { matchExpressions: [{ key: LEFT_ALONE, operator: 'DoesNotExist' }] };
  const patch = [{ op: 'add', path: '/webhooks/0/namespaceSelector', value: selector }];
  for (const kind of CONFIGURATIONS) {
    await kubectl.run(['patch', kind, CONFIGURATION, '--type=json', '-p', JSON.stringify(patch)]);
  }
  const passes = async (namespace: string, spec: object): Promise<boolean> => {
    try {
      const text = manifestIn(world, namespace, spec);
      await kubectl.run(['create', '--dry-run=server', '-f=-'], text);
      return true;
    } catch {
      return false;
    }
  };
  await until('the API server to know the webhooks', 30_000, async () => {
    // The mutating one makes an empty block legal, the validating one refuses a policy that nobody knows.
    const unknown = { durabilityPolicy: 'UNKNOWN' };
    const [there, alone] = await Promise.all(
      [NAMESPACE, ALONE].map(async (namespace) => ({
        mutating: await passes(namespace, EMPTY_BLOCK),
        validating: !(await passes(namespace, unknown)),
      })),
    );
    const all = there?.mutating && there.validating;
    return all && !alone?.mutating && !alone?.validating ? true : undefined;
  });
}
