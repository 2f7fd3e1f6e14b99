/** One pass over a shard: gather, plan, carry out, report. */
import { compact } from '../../schemas/compact.ts';
import { FINALIZERS } from '../../schemas/labels.ts';
import type { Shard, ShardStatus } from '../../schemas/types.ts';
import { failureText, throwFailure } from '../apply/children.ts';
import { removeFinalizer } from '../apply/finalizer.ts';
import { writeStatus } from '../apply/status.ts';
import type { Deps } from '../deps.ts';
import type { Result } from '../controller.ts';
import { shardGauges } from '../observe/gauges.ts';
import { isReady } from '../observe/pods.ts';
import { refusedPods } from '../observe/workload.ts';
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
/** Settings of the user's own are not watched. */
const USER_CONFIG_MS = 15_000;
/** While something is under way that time may decide: at once first, then less and less often. */
const BUSY_MS = 500;
const BUSY_MOST_MS = 10_000;
const DRAIN_MS = 1_000;

const noteLack = (state: ShardState, cache: ShardCache): void => {
  const { serving, complete } = healthOf(state);
  if (!serving || complete) delete cache.incompleteSinceMs;
  else cache.incompleteSinceMs ??= state.nowMs;
};

/** Nothing moves in most passes over a shard that waits: what changes is told, so they need not be many. */
const lookAgainMs = (
  state: ShardState,
  plan: Plan,
  status: ShardStatus,
  cache: ShardCache,
): number => {
  const waits = plan.doing.length + plan.blocked.length + plan.held.length > 0;
  if (!waits && status.phase === 'Healthy') {
    delete cache.waiting;
    return state.shard.spec?.postgresConfigRef ? USER_CONFIG_MS : IDLE_MS;
  }
  const text = JSON.stringify([status.phase, status.message, status.doing, plan.held]);
  const passes = cache.waiting?.text === text ? cache.waiting.passes + 1 : 0;
  cache.waiting = { text, passes };
  return Math.min(BUSY_MS * 2 ** Math.min(passes, 10), BUSY_MOST_MS);
};

const gauges = (deps: Deps, state: ShardState, plan: Plan, status: ShardStatus): void =>
  shardGauges(deps, state.shard, {
    status,
    desired: state.desired?.pods ?? [],
    ready: new Set([...state.objects.pods].flatMap(([name, pod]) => (isReady(pod) ? [name] : []))),
    drifted: new Set(state.members.flatMap(({ pod, diff }) => (diff.length > 0 ? [pod] : []))),
    views: state.members,
    waiting: plan,
    nowMs: state.nowMs,
  });

export const reconcileShard = async (
  deps: Deps,
  shard: Shard,
  cache: ShardCache,
): Promise<Result> => {
  const deleting = shard.metadata.deletionTimestamp !== undefined;
  const held = shard.metadata.finalizers?.includes(FINALIZERS.shardPvcOrphan) ?? false;
  if (deleting && !held) return {};

  const pass = { deps, shard, cache };
  let reading = await readShard(pass, false);
  let state = stateOf(pass, reading);
  let plan = planShard(state);
  if (plan.needsReading) {
    reading = await readShard(pass, true);
    state = stateOf(pass, reading);
    plan = planShard(state);
  }
  const failed = await executePlan({ deps, state, cache, material: reading.material }, plan);

  // Of an earlier version: nothing of a shard lies outside of its namespace, and the owners of its volumes are
  // right at all times, so the garbage collector needs no help.
  if (held && !deleting && failed.length === 0 && !state.paused) {
    await removeFinalizer(deps, shard, FINALIZERS.shardPvcOrphan);
  }
  const after = stateOf(pass, reading);
  noteLack(after, cache);
  if (deleting) {
    if (!isDrained(after) || failed.length > 0) return { requeueAfterMs: DRAIN_MS };
    await removeFinalizer(deps, shard, FINALIZERS.shardPvcOrphan);
    return {};
  }
  const lacking = compact({ incompleteSinceMs: cache.incompleteSinceMs });
  const status = shardStatus({ ...after, ...lacking }, plan, failureText(failed));
  const refused = refusedPods(after.objects.orchDeployments);
  await writeStatus(deps, shard, status, [...failed, ...refused]);
  gauges(deps, after, plan, status);
  throwFailure(failed);
  return { requeueAfterMs: lookAgainMs(after, plan, status, cache) };
};
