/** What an orchestrator lists about a shard that has no primary. Asked only then; the first answer counts. */
import { COMPONENTS, LABELS } from '../../../schemas/labels.ts';
import { PORTS } from '../../../schemas/ports.ts';
import type { Shard } from '../../../schemas/types.ts';
import type { Deps } from '../../deps.ts';
import type { Target } from '../../rpc/client.ts';
import type { TlsMaterial } from '../../rpc/tls.ts';
import { shardKeyOf } from '../state/identity.ts';
import type { ShardCache } from './cache.ts';
import { isFresh } from './cache.ts';
import { wakeShard } from './target.ts';

const TIMEOUT_MS = 1500;
const PAUSE_MS = 2000;

/** The orchestrators of a shard, by their Services, in the order of their turns; not those in the cells of `without`. */
export const orchestratorTargets = (
  deps: Pick<Deps, 'listers'>,
  shard: Shard,
  tls: TlsMaterial | undefined,
  without: ReadonlySet<string> = new Set(),
): Target[] =>
  deps.listers.Service.byIndex('owner', shard.metadata.uid ?? '')
    .filter(({ metadata: { labels } }) => labels?.[LABELS.component] === COMPONENTS.multiorch)
    .map(({ metadata: { name, namespace = '', labels } }) => ({
      cell: labels?.[LABELS.cell] ?? '',
      address: `${name}.${namespace}.svc:${PORTS.multiorch.grpc}`,
    }))
    .filter(({ cell }) => !without.has(cell))
    .toSorted((a, b) => (a.cell < b.cell ? -1 : 1))
    .map(({ address }) => ({ address, ...(tls ? { tls } : {}) }));

/** Asks in the background; an orchestrator that does not answer has nothing to say. */
export const refreshProblems = (
  deps: Deps,
  shard: Shard,
  tls: TlsMaterial | undefined,
  cache: ShardCache,
): void => {
  if (isFresh(cache.problemsAskedAtMs, PAUSE_MS, deps.clock.now())) return;
  cache.problemsAskedAtMs = deps.clock.now();
  const key = shardKeyOf(shard);
  const answers = orchestratorTargets(deps, shard, tls).map((target) =>
    deps.rpc.shardStatus(target, key, TIMEOUT_MS),
  );
  const before = JSON.stringify(cache.problems?.value.map(({ code }) => code));
  Promise.any(answers).then(
    ({ problems = [] }) => {
      cache.problems = { atMs: deps.clock.now(), value: problems };
      if (JSON.stringify(problems.map(({ code }) => code)) !== before) wakeShard(deps, shard);
    },
    () => {
      delete cache.problems;
    },
  );
};
