/** A member whose replication was stopped is not forgotten before it streams again. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Execution } from '../../../controller/shard/execute/context.ts';
import { rejoinCohort } from '../../../controller/shard/execute/rpc.ts';
import { stateOf } from '../../support/shard-world.ts';

const rejoined = async (startReplication: () => Promise<void>): Promise<string[]> => {
  const patched: string[] = [];
  const state = stateOf({ healthy: ['a', 'b', 'c'] });
  const mergePatch = async ({ name }: { name: string }, patch: unknown) => {
    patched.push(`${name} ${JSON.stringify(patch)}`);
  };
  const deps = { rpc: { startReplication }, kube: { mergePatch } };
  const execution = { deps, state, material: {} } as unknown as Execution;
  const { pod, id } = state.members.find((member) => member.pod === 'b') ?? assert.fail();
  const action = { kind: 'rejoin-cohort', pod, id, reason: 'it stays' } as const;
  await Promise.resolve(rejoinCohort(execution, action)).catch(() => undefined);
  return patched;
};

describe('a member that is to stream again', () => {
  it('is no longer on its way out afterwards', async () => {
    const [patch = '', ...rest] = await rejoined(() => Promise.resolve());
    assert.match(patch, /^b .*"drain\.multigres\.com\/state":null/);
    assert.deepEqual(rest, []);
  });

  it('keeps its record when it cannot be told', async () => {
    assert.deepEqual(await rejoined(() => Promise.reject(new Error('no answer'))), []);
  });
});
