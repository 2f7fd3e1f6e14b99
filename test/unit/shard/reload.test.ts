/** Settings that need no restart: asked for until each pod has them, and told meanwhile. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { emptyCache } from '../../../controller/shard/gather/cache.ts';
import type { Execution } from '../../../controller/shard/execute/context.ts';
import { reload } from '../../../controller/shard/execute/rpc.ts';
import { planReload } from '../../../controller/shard/plan/reload.ts';
import { shardStatus } from '../../../controller/shard/report/status.ts';
import { planShard } from '../../../controller/shard/plan/index.ts';
import { whyRestart } from '../../../controller/shard/state/reload.ts';
import type { ReloadConfigResponse } from '../../../controller/rpc/types.ts';
import type { Reload, ShardState } from '../../../controller/shard/state/state.ts';
import { ANNOTATIONS } from '../../../schemas/labels.ts';
import { stateOf } from '../../support/shard-world.ts';

/** Two pods with the settings of the restart class, and with those of the reload class that are wanted. */
const settled = (): ShardState => {
  const state = stateOf({ healthy: ['a', 'b'] });
  const { restartHash = '', reloadHash = '' } = state.desired?.config ?? {};
  for (const { observed } of state.members) {
    assert.ok(observed);
    observed.metadata.annotations = {
      ...observed.metadata.annotations,
      [ANNOTATIONS.postgresConfigHash]: restartHash,
      [ANNOTATIONS.postgresReloadHash]: reloadHash,
    };
  }
  return state;
};

/** A pod that was asked for the settings `another` at this time. */
const asked = (pod: string, lastMs: number): Reload => ({
  uid: `uid-${pod}`,
  hash: 'another',
  firstMs: lastMs,
  lastMs,
});

const shown = (state: ShardState) => {
  const { actions = [], doing = [] } = planReload(state);
  return {
    asked: actions.flatMap((action) => (action.kind === 'reload' ? [action.pod] : [])),
    told: doing.map(({ pod }) => pod),
  };
};

/** Settings of the reload class are wanted that no pod has. */
const withOther = (state: ShardState): ShardState => {
  assert.ok(state.desired);
  const config = { ...state.desired.config, reloadHash: 'another' };
  return { ...state, desired: { ...state.desired, config } };
};

it('asks nobody whose settings are confirmed', () => {
  assert.deepEqual(shown(settled()), { asked: [], told: [] });
});

it('asks each pod again after a while, and tells until it has them', () => {
  const state = settled();
  const changed = withOther(state);
  assert.deepEqual(shown(changed), { asked: ['a', 'b'], told: ['a', 'b'] });
  const once = { ...changed, reloads: new Map([['a', asked('a', state.nowMs - 1000)]]) };
  assert.deepEqual(shown(once), { asked: ['b'], told: ['a', 'b'] });
  const later = { ...once, nowMs: state.nowMs + 5000 };
  assert.deepEqual(shown(later).asked, ['a', 'b']);
});

/** The state after a pod has given this answer, and what was told of it. */
const answered = async (before: ShardState, answer: ReloadConfigResponse) => {
  const cache = { ...emptyCache(), reloads: new Map(before.reloads) };
  const events: string[] = [];
  const deps = {
    clock: { now: () => before.nowMs },
    rpc: { reloadConfig: async () => answer },
    events: { event: (...[, , reason, message]: string[]) => events.push(`${reason}: ${message}`) },
  };
  const execution = { deps, cache, state: before, material: {} } as unknown as Execution;
  const { id = '' } = before.members.find(({ pod }) => pod === 'a') ?? {};
  await reload(execution, { kind: 'reload', pod: 'a', id, reason: '' });
  return { state: { ...before, reloads: cache.reloads }, events };
};

it('replaces a pod whose Postgres takes a setting only with a restart, and does not ask it again', async () => {
  const answer = { needs_restart: true, mismatches: [{ name: 'max_foo', requires_restart: true }] };
  const { state, events } = await answered(withOther(settled()), answer);
  assert.deepEqual(events, ['ConfigReloadNeedsRestart: a: max_foo needs a restart']);
  const later = { ...state, nowMs: state.nowMs + 60_000 };
  assert.deepEqual(shown(later), { asked: ['b'], told: ['b'] });
  const pod = state.objects.pods.get('a');
  assert.ok(pod);
  const stamped = (hash: string) => ({
    metadata: { name: 'a', annotations: { [ANNOTATIONS.postgresReloadHash]: hash } },
  });
  const wanted = { ...pod, ...stamped('another') };
  assert.deepEqual(whyRestart(state.reloads, wanted, pod), [
    'PostgreSQL takes max_foo only with a restart',
  ]);
  // Neither other settings nor the pod that follows.
  assert.deepEqual(whyRestart(state.reloads, { ...pod, ...stamped('a third') }, pod), []);
  const next = { ...pod, metadata: { ...pod.metadata, uid: 'next' } };
  assert.deepEqual(whyRestart(state.reloads, wanted, next), []);
});

it('tells settings that are not in force when the kubelet has had its time', async () => {
  const error = 'invalid value for parameter "work_mem"';
  const answer = { mismatches: [{ name: 'work_mem', error }] };
  const first = await answered(withOther(settled()), answer);
  const errorOf = (state: ShardState) => shardStatus(state, planShard(state)).postgresConfig?.error;
  assert.equal(errorOf(first.state), undefined);
  const { state } = await answered({ ...first.state, nowMs: first.state.nowMs + 130_000 }, answer);
  assert.equal(errorOf(state), `a does not run the new settings: work_mem: ${error}`);
  const { message, phase } = shardStatus(state, planShard(state));
  assert.match(message ?? '', /work_mem/);
  assert.equal(phase, 'Degraded');
});
