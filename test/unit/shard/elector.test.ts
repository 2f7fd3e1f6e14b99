import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ShardStatusResponse } from '../../../controller/rpc/types.ts';
import { electorOf } from '../../../controller/shard/execute/elector.ts';
import { graceOf } from '../../../schemas/failover.ts';
import { durationMs } from '../../../schemas/duration.ts';
import { FAILOVER_DEFAULTS } from '../../../schemas/resolve/builtin.ts';
import { FakeClock } from '../../support/clock.ts';

const KEY = { database: 'postgres', table_group: 'default', shard: '0-inf' };
const targets = ['zone-a', 'zone-b', 'zone-c'].map((address) => ({ address }));

/** From `atMs` on it lists the problem; `silent` never answers. */
type Orchestrator = { code: string; atMs: number } | 'silent';

async function elected(orchestrators: Orchestrator[]): Promise<{ who?: string; afterMs: number }> {
  const clock = new FakeClock(0);
  let who: string | undefined;
  let afterMs = -1;
  const shardStatus = async (target: { address: string }): Promise<ShardStatusResponse> => {
    const one = orchestrators[targets.findIndex(({ address }) => address === target.address)];
    if (one === undefined || one === 'silent') throw new Error('no answer');
    return { problems: clock.now() >= one.atMs ? [{ code: one.code }] : [] };
  };
  const choice = electorOf({ rpc: { shardStatus }, clock }, KEY, () => targets).then((target) => {
    who = target?.address;
    afterMs = clock.now();
  });
  await clock.advance(60_000);
  await choice;
  return { ...(who === undefined ? {} : { who }), afterMs };
}

const resigned = (atMs: number): Orchestrator => ({ code: 'LeaderResigned', atMs });

describe('which orchestrator is told to elect', () => {
  it('is the one whose turn comes first, though another lists the problem sooner', async () => {
    assert.deepEqual(await elected([resigned(700), resigned(200), resigned(0)]), {
      who: 'zone-a',
      afterMs: 700,
    });
  });

  it('is the next one while the first does not answer', async () => {
    assert.deepEqual(await elected(['silent', resigned(300), resigned(0)]), {
      who: 'zone-b',
      afterMs: 300,
    });
  });

  it('is nobody where no problem can be ended by an election', async () => {
    const other = { code: 'ReplicaNotReplicating', atMs: 0 };
    assert.deepEqual(await elected([other, other, other]), { afterMs: 15_000 });
    assert.deepEqual(await elected(['silent', 'silent', 'silent']), { afterMs: 15_000 });
  });
});

describe('grace periods of orchestrators', () => {
  const range = (index: number): [number, number] => {
    const { base, jitter } = graceOf(FAILOVER_DEFAULTS, index, 2);
    const from = durationMs(base) ?? NaN;
    return [from, from + (durationMs(jitter) ?? NaN)];
  };

  it('are so far apart that looks of different phase do not bring two together', () => {
    const look = durationMs(FAILOVER_DEFAULTS.recoveryInterval) ?? NaN;
    const ranges = [0, 1, 2, 3].map(range);
    for (const [index, [from]] of ranges.entries())
      assert.ok(index === 0 || from - (ranges[index - 1]?.[1] ?? NaN) > look, String(ranges));
  });

  it('cost the first one nothing', () => {
    assert.deepEqual(graceOf(FAILOVER_DEFAULTS, 0, 1), { base: '0ms', jitter: '0ms' });
  });

  it('stay within what the cluster asks for', () => {
    const { gracePeriod, gracePeriodJitter } = FAILOVER_DEFAULTS;
    const [least, more] = [durationMs(gracePeriod) ?? NaN, durationMs(gracePeriodJitter) ?? NaN];
    for (const index of [0, 1, 2, 3, 4, 11]) {
      const [from, to] = range(index);
      assert.ok(from >= least && to <= least + more, `${index}: ${from} to ${to}`);
    }
  });
});
