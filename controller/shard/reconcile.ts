/** One pass over a shard: gather, plan, carry out, report. */
import { FINALIZERS } from '../../schemas/labels.ts';
import type { Shard } from '../../schemas/types.ts';
import { failureText, throwFailure } from '../apply/children.ts';
import { ensureFinalizer, removeFinalizer } from '../apply/finalizer.ts';
import { writeStatus } from '../apply/status.ts';
import type { Deps } from '../deps.ts';
import type { Result } from '../controller.ts';
import { shardGauges } from '../observe/gauges.ts';
import { isReady } from '../observe/pods.ts';
import { executePlan } from './execute/index.ts';
import type { ShardCache } from './gather/cache.ts';
import { readShard, stateOf } from './gather/index.ts';
import { planShard } from './plan/index.ts';
import { isDrained } from './plan/delete-shard.ts';
import { shardStatus } from './report/status.ts';
import type { Plan } from './state/action.ts';
import { healthOf } from './state/health.ts';
import type { ShardState } from './state/state.ts';

/** A safety net: the data plane and the API tell of every change. */
const IDLE_MS = 30_000;
/** While something is under way that only time decides. */
const BUSY_MS = 1_000;
const HELD_MS = 500;
/** Settings of the user's own are not watched. */
const USER_CONFIG_MS = 15_000;

const noteLack = (state: ShardState, cache: ShardCache): void => {
  const { serving, complete } = healthOf(state);
  if (!serving || complete) delete cache.incompleteSinceMs;
  else cache.incompleteSinceMs ??= state.nowMs;
};

const lookAgainMs = ({ shard, secrets }: ShardState, plan: Plan, phase: string): number => {
  if (plan.held.length > 0 && secrets.length === 0) return HELD_MS;
  const busy = plan.doing.length > 0 || plan.blocked.length > 0 || phase !== 'Healthy';
  if (busy) return BUSY_MS;
  return shard.spec?.postgresConfigRef ? USER_CONFIG_MS : IDLE_MS;
};

const gauges = (deps: Deps, state: ShardState, status: ReturnType<typeof shardStatus>): void =>
  shardGauges(deps, state.shard, {
    status,
    desired: state.desired?.pods ?? [],
    ready: new Set([...state.objects.pods].flatMap(([name, pod]) => (isReady(pod) ? [name] : []))),
    drifted: new Set(state.members.flatMap(({ pod, diff }) => (diff.length > 0 ? [pod] : []))),
    views: state.members,
    nowMs: state.nowMs,
  });

export const reconcileShard = async (
  deps: Deps,
  found: Shard,
  cache: ShardCache,
): Promise<Result> => {
  const deleting = found.metadata.deletionTimestamp !== undefined;
  if (deleting && !found.metadata.finalizers?.includes(FINALIZERS.shardPvcOrphan)) return {};
  const shard = deleting ? found : await ensureFinalizer(deps, found, FINALIZERS.shardPvcOrphan);

  let reading = await readShard(deps, shard, cache, false);
  let state = stateOf(deps, shard, cache, reading);
  let plan = planShard(state);
  if (plan.needsReading) {
    reading = await readShard(deps, shard, cache, true);
    state = stateOf(deps, shard, cache, reading);
    plan = planShard(state);
  }
  const failed = await executePlan({ deps, state, cache, material: reading.material }, plan);

  const after = stateOf(deps, shard, cache, reading);
  noteLack(after, cache);
  if (deleting) {
    if (!isDrained(after) || failed.length > 0) return { requeueAfterMs: BUSY_MS };
    await removeFinalizer(deps, shard, FINALIZERS.shardPvcOrphan);
    return {};
  }
  const status = shardStatus(
    {
      ...after,
      ...(cache.incompleteSinceMs === undefined
        ? {}
        : { incompleteSinceMs: cache.incompleteSinceMs }),
    },
    plan,
    failureText(failed),
  );
  await writeStatus(deps, shard, status, failed);
  gauges(deps, after, status);
  throwFailure(failed);
  return { requeueAfterMs: lookAgainMs(after, plan, status.phase ?? '') };
};
