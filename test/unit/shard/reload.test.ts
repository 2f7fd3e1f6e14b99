/** Settings that need no restart: asked for until each pod has them, and told meanwhile. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { planReload } from '../../../controller/shard/plan/reload.ts';
import type { ShardState } from '../../../controller/shard/state/state.ts';
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

const shown = (state: ShardState) => {
  const { actions = [], doing = [] } = planReload(state);
  return {
    asked: actions.flatMap((action) => (action.kind === 'reload' ? [action.pod] : [])),
    told: doing.map(({ pod }) => pod),
  };
};

it('asks nobody whose settings are confirmed', () => {
  assert.deepEqual(shown(settled()), { asked: [], told: [] });
});

it('asks each pod again after a while, and tells until it has them', () => {
  const state = settled();
  assert.ok(state.desired);
  const config = { ...state.desired.config, reloadHash: 'another' };
  const changed = { ...state, desired: { ...state.desired, config } };
  assert.deepEqual(shown(changed), { asked: ['a', 'b'], told: ['a', 'b'] });
  const asked = { ...changed, reloads: new Map([['a', state.nowMs - 1000]]) };
  assert.deepEqual(shown(asked), { asked: ['b'], told: ['a', 'b'] });
  const later = { ...asked, nowMs: state.nowMs + 5000 };
  assert.deepEqual(shown(later).asked, ['a', 'b']);
});
