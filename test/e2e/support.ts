/** What the end-to-end tests ask of a running cluster besides the Kubernetes API. */
import { names } from '../../schemas/names.ts';
import { DEMO_CLUSTER, DEMO_NAMESPACE } from '../../hack/lib/demo.ts';
import { local } from '../../hack/lib/run.ts';
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
  syncNames: string[];
}

const idOf = (id: WireId): string => `${id.cell}/${id.name}`;

/** A path of multiadmin's REST API, through the API server's proxy. */
export async function admin<T>(kubectl: Kubectl, path: string): Promise<T> {
  const service = `${names.multiadmin(DEMO_CLUSTER)}:18000`;
  const raw = `/api/v1/namespaces/${DEMO_NAMESPACE}/services/${service}/proxy/api/v1${path}`;
  return JSON.parse(await kubectl.run(['get', '--raw', raw])) as T;
}

/** All poolers that answer, each with its own view of the rule. */
export async function poolers(kubectl: Kubectl): Promise<SeenPooler[]> {
  const { poolers: records = [] } = await admin<{ poolers?: WirePooler[] }>(kubectl, '/poolers');
  const seen: SeenPooler[] = [];
  for (const { id, hostname } of records) {
    let answer: WireStatus;
    try {
      answer = await admin<WireStatus>(kubectl, `/poolers/${id.cell}/${id.name}/status`);
    } catch {
      continue; // dead or starting: its record alone says nothing
    }
    const rule = answer.consensusStatus?.currentPosition?.position?.decision;
    seen.push({
      id: idOf(id),
      hostname,
      primary: answer.status?.postgresStatus === 'POSTGRES_STATUS_PRIMARY',
      term: rule?.ruleNumber?.coordinatorTerm ?? '0',
      cohort: (rule?.cohortMembers ?? []).map(idOf),
      syncNames: answer.status?.primaryStatus?.syncReplicationConfig?.standbyApplicationNames ?? [],
    });
  }
  return seen;
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
