import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { messageCodec } from '../../../controller/proto/load.ts';
import type { ShardStatusResponse } from '../../../controller/rpc/types.ts';
import { problemText } from '../../../controller/shard/report/progress.ts';
import { bytesOf, readCapture } from '../topo/captures.ts';

const recorded = (state: string): (string | undefined)[] =>
  Object.values(readCapture(state).shardStatus ?? {}).map((raw) => {
    const answer = messageCodec<ShardStatusResponse>('ShardStatusResponse').decode(bytesOf(raw));
    return problemText(answer.problems ?? []);
  });

describe('what orchestrators say', () => {
  it('is nothing of a healthy shard', () => {
    assert.deepEqual(new Set(recorded('healthy-3')), new Set([undefined]));
  });

  it('is that a new shard has to be initialised', () => {
    const said = recorded('restored-no-leader').filter((text) => text !== undefined);
    assert.ok(said.length > 0);
    assert.deepEqual(new Set(said), new Set(['multiorch reports ShardNeedsInitialization']));
  });

  it('names a stuck shard before anything else, with what to do', () => {
    const text = problemText([
      { code: 'LeaderUnreachableByCohort', priority: 1000 },
      { code: 'ReplicaNotReplicating', priority: 500 },
      { code: 'ShardStuck' },
    ]);
    assert.match(text ?? '', /ShardStuck: too few members .* bring a missing pod back/);
  });
});
