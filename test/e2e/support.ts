/** What the end-to-end tests ask of a running cluster besides the Kubernetes API. */
import { spawn } from 'node:child_process';
import { EtcdClient } from '../../controller/topo/client.ts';
import { PORTS } from '../../schemas/ports.ts';
import { names } from '../../schemas/names.ts';
import { DEMO_CLUSTER, DEMO_NAMESPACE } from '../../hack/lib/demo.ts';
import { local, until } from '../../hack/lib/run.ts';
import type { Kubectl } from '../../hack/lib/tools.ts';
import type { Pod } from '../../schemas/k8s.ts';

interface WireId {
  cell: string;
  name: string;
}
interface WireRule {
  ruleNumber?: { coordinatorTerm?: string; leaderSubterm?: string };
  leaderId?: WireId;
  cohortMembers?: WireId[];
  durabilityPolicy?: { policyName?: string };
  creationTime?: string;
}
interface WirePooler {
  id: WireId;
  hostname: string;
  routingState?: { role?: string; rule?: { coordinatorTerm?: string; leaderSubterm?: string } };
}
interface WireStatus {
  status?: {
    postgresStatus?: string;
    primaryStatus?: { syncReplicationConfig?: { standbyApplicationNames?: string[] } };
  };
  consensusStatus?: { currentPosition?: { position?: { decision?: WireRule } } };
}

/** One pooler as multiadmin tells it. */
export interface SeenPooler {
  /** cell/name. */
  id: string;
  hostname: string;
  primary: boolean;
  term: string;
  cohort: string[];
  /** Name of the durability policy of its rule. */
  policy: string | undefined;
  /** When its rule was made, ISO 8601. */
  ruledAt: string | undefined;
  syncNames: string[];
}

const idOf = (id: WireId): string => `${id.cell}/${id.name}`;

/** A path of multiadmin's REST API, through the API server's proxy. */
export async function admin<T>(kubectl: Kubectl, path: string, cluster = DEMO_CLUSTER): Promise<T> {
  const service = `${names.multiadmin(cluster)}:18000`;
  const raw = `/api/v1/namespaces/${DEMO_NAMESPACE}/services/${service}/proxy/api/v1${path}`;
  return JSON.parse(await kubectl.run(['get', '--raw', raw])) as T;
}

/** All poolers that answer, each with its own view of the rule. */
export async function poolers(kubectl: Kubectl, cluster = DEMO_CLUSTER): Promise<SeenPooler[]> {
  const { poolers: records = [] } = await admin<{ poolers?: WirePooler[] }>(
    kubectl,
    '/poolers',
    cluster,
  );
  const seen: SeenPooler[] = [];
  for (const { id, hostname } of records) {
    try {
      const path = `/poolers/${id.cell}/${id.name}/status`;
      seen.push(seenPooler(id, hostname, await admin<WireStatus>(kubectl, path, cluster)));
    } catch {
      // dead or starting: its record alone says nothing
    }
  }
  return seen;
}

function seenPooler(id: WireId, hostname: string, answer: WireStatus): SeenPooler {
  const rule = answer.consensusStatus?.currentPosition?.position?.decision;
  return {
    id: idOf(id),
    hostname,
    primary: answer.status?.postgresStatus === 'POSTGRES_STATUS_PRIMARY',
    term: rule?.ruleNumber?.coordinatorTerm ?? '0',
    cohort: (rule?.cohortMembers ?? []).map(idOf),
    policy: rule?.durabilityPolicy?.policyName,
    ruledAt: rule?.creationTime,
    syncNames: answer.status?.primaryStatus?.syncReplicationConfig?.standbyApplicationNames ?? [],
  };
}

/** The primary of the highest term. Throws if no pooler says that it is one. */
export function primaryOf(seen: SeenPooler[]): SeenPooler {
  const [leader] = seen
    .filter(({ primary }) => primary)
    .toSorted((a, b) => Number(BigInt(b.term) - BigInt(a.term)));
  if (!leader) throw new Error('no pooler is primary');
  return leader;
}

/** SIGKILL to every process of a pod's containers at once, from its node. */
export async function killPod(kubectl: Kubectl, name: string): Promise<void> {
  const pod = await kubectl.json<Pod>(['-n', DEMO_NAMESPACE, 'get', 'pod', name]);
  const node = pod.spec?.nodeName;
  if (!node) throw new Error(`pod ${name} has no node`);
  const script = `for c in $(ctr -n k8s.io containers ls -q 'labels."io.kubernetes.pod.name"==${name}'); do
    ctr -n k8s.io tasks ls | awk -v c="$c" '$1==c{print $2}' | grep -q . || continue
    ctr -n k8s.io containers info "$c" | grep -q '"io.cri-containerd.kind": "container"' || continue
    ctr -n k8s.io tasks kill -s SIGKILL -a "$c" &
  done; wait`;
  await local('kind.sh', ['exec', node, 'sh', '-c', script]);
}

/** Keys of pooler records in the topology that an etcd pod holds. */
export async function poolerKeys(kubectl: Kubectl, pod: string): Promise<string[]> {
  const forward = spawn(
    kubectl.program,
    [
      ...['--kubeconfig', kubectl.kubeconfig, '-n', DEMO_NAMESPACE],
      ...['port-forward', `pod/${pod}`, `:${PORTS.etcd.client}`],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  try {
    let out = '';
    forward.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
    const endpoint = await until(`port-forward to ${pod}`, 10_000, () =>
      Promise.resolve(/127\.0\.0\.1:\d+/.exec(out)?.[0]),
    );
    const client = new EtcdClient({ endpoints: [endpoint] });
    try {
      return (await client.range('/'))
        .map(({ key }) => key)
        .filter((key) => key.endsWith('/Pooler'));
    } finally {
      client.close();
    }
  } finally {
    forward.kill();
  }
}
