/** The poolers of a running cluster as multiadmin tells them. */
import { names } from '../../schemas/names.ts';
import type { World } from './world.ts';

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
  /** Name of its pod. */
  pod: string;
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
export async function admin<T>(world: World, path: string): Promise<T> {
  const service = `${names.multiadmin(world.cluster)}:18000`;
  const raw = `/api/v1/namespaces/${world.namespace}/services/${service}/proxy/api/v1${path}`;
  return (await world.api.raw('GET', raw)) as T;
}

/** All poolers that answer, each with its own view of the rule. */
export async function poolers(world: World): Promise<SeenPooler[]> {
  const { poolers: records = [] } = await admin<{ poolers?: WirePooler[] }>(world, '/poolers');
  const seen = await Promise.all(
    records.map(async ({ id, hostname }) => {
      try {
        const path = `/poolers/${id.cell}/${id.name}/status`;
        return seenPooler(id, hostname, await admin<WireStatus>(world, path));
      } catch {
        return undefined; // dead or starting: its record alone says nothing
      }
    }),
  );
  return seen.filter((one) => one !== undefined);
}

function seenPooler(id: WireId, hostname: string, answer: WireStatus): SeenPooler {
  const rule = answer.consensusStatus?.currentPosition?.position?.decision;
  return {
    id: idOf(id),
    hostname,
    pod: hostname.split('.')[0] ?? '',
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
