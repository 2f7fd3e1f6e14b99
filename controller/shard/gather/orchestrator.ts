/** What an orchestrator lists about a shard that has no primary. Asked only then; the first answer counts. */
import { COMPONENTS, LABELS } from '../../../schemas/labels.ts';
import { PORTS } from '../../../schemas/ports.ts';
import type { Shard } from '../../../schemas/types.ts';
import type { Deps } from '../../deps.ts';
import type { Target } from '../../rpc/client.ts';
import type { DetectedProblem } from '../../rpc/types.ts';
import type { TlsMaterial } from '../../rpc/tls.ts';
import { shardKeyOf } from '../state/identity.ts';
import { isFresh, type ShardCache } from './cache.ts';
import { wakeShard } from './target.ts';

const TIMEOUT_MS = 1500;
const PAUSE_MS = 2000;

/** The orchestrators of a shard, by their Services; not those in the cells of `without`. */
export const orchestratorTargets = (
  deps: Pick<Deps, 'listers'>,
  shard: Shard,
  tls: TlsMaterial | undefined,
  without: ReadonlySet<string> = new Set(),
): Target[] =>
  deps.listers.Service.byIndex('owner', shard.metadata.uid ?? '')
    .filter(({ metadata: { labels } }) => labels?.[LABELS.component] === COMPONENTS.multiorch)
    .filter(({ metadata: { labels } }) => !without.has(labels?.[LABELS.cell] ?? ''))
    .map(
      ({ metadata }) => `${metadata.name}.${metadata.namespace ?? ''}.svc:${PORTS.multiorch.grpc}`,
    )
    .toSorted()
    .map((address) => ({ address, ...(tls ? { tls } : {}) }));

/** Asks in the background; an orchestrator that does not answer has nothing to say. */
export const refreshProblems = (
  deps: Deps,
  shard: Shard,
  tls: TlsMaterial | undefined,
  cache: ShardCache,
): void => {
  const nowMs = deps.clock.now();
  if (isFresh(cache.problemsAskedAtMs, PAUSE_MS, nowMs)) return;
  cache.problemsAskedAtMs = nowMs;
  const key = shardKeyOf(shard);
  const answers = orchestratorTargets(deps, shard, tls).map((target) =>
    deps.rpc.shardStatus(target, key, TIMEOUT_MS),
  );
  const codesOf = (problems?: readonly DetectedProblem[]) =>
    JSON.stringify(problems?.map(({ code }) => code));
  const before = codesOf(cache.problems);
  Promise.any(answers).then(
    ({ problems = [] }) => {
      cache.problems = problems;
      if (codesOf(problems) !== before) wakeShard(deps, shard);
    },
    () => {
      delete cache.problems;
    },
  );
};
