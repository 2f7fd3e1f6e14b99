/** What an orchestrator says about a shard that has no primary. Asked only then; the first answer counts. */
import { COMPONENTS, LABELS } from '../../../schemas/labels.ts';
import { PORTS } from '../../../schemas/ports.ts';
import type { Shard } from '../../../schemas/types.ts';
import type { Deps } from '../../deps.ts';
import type { TlsMaterial } from '../../rpc/tls.ts';
import type { DetectedProblem } from '../../rpc/types.ts';
import type { ShardKey } from '../../topo/types.ts';

const TIMEOUT_MS = 1500;

/** Problems that name the whole shard; those of single poolers are seen without help. */
const OF_SHARD = new Set([
  'ShardNeedsInitialization',
  'ShardStuck',
  'LeaderUnspecified',
  'LeaderUnreachableByCohort',
  'LeaderUnhealthy',
  'LeaderResigned',
  'NoHealthyCohortMembers',
]);

/** The gravest of them in words; undefined when there is none. */
export const problemText = (problems: readonly DetectedProblem[]): string | undefined => {
  const [gravest] = problems
    .filter(({ code }) => OF_SHARD.has(code ?? ''))
    .toSorted((a, b) => (b.priority ?? 0) - (a.priority ?? 0));
  const stuck = problems.find(({ code }) => code === 'ShardStuck') ?? gravest;
  if (!stuck) return undefined;
  const hint =
    stuck.code === 'ShardStuck'
      ? ': too few members of the cohort answer to elect one; bring a missing pod back'
      : '';
  return `multiorch reports ${stuck.code ?? '?'}${hint}`;
};

/** Never throws: an orchestrator that does not answer has nothing to say. */
export const askOrchestrator = async (
  deps: Deps,
  shard: Shard,
  key: ShardKey,
  tls: TlsMaterial | undefined,
): Promise<string | undefined> => {
  const services = deps.listers.Service.byIndex('owner', shard.metadata.uid ?? '').filter(
    ({ metadata }) => metadata.labels?.[LABELS.component] === COMPONENTS.multiorch,
  );
  const addresses = services.map(
    ({ metadata }) => `${metadata.name}.${metadata.namespace ?? ''}.svc:${PORTS.multiorch.grpc}`,
  );
  const answers = addresses.toSorted().map(async (address) => {
    const target = { address, ...(tls ? { tls } : {}) };
    return deps.rpc.shardStatus(target, key, TIMEOUT_MS);
  });
  try {
    const { problems = [] } = await Promise.any(answers);
    return problemText(problems);
  } catch {
    return undefined;
  }
};
