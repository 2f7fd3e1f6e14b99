import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RpcClient } from '../../../../emulator/grpc.ts';
import { campaign } from '../../../../emulator/orch/campaign.ts';
import type { PoolerView } from '../../../../emulator/orch/model.ts';
import { pooler } from '../../../support/orch-view.ts';

const cohort = ['resigned', 'ahead', 'slow'].map((name) => ({ cell: name, name }));
const rule = { term: 1, subterm: 0, cohort, policy: 'AT_LEAST_2', createdMs: 0 };
const ORCH = { component: 'MULTIORCH', cell: 'a', name: 'o-1' } as const;

const poolers = cohort.map(({ name }) => pooler(name, { resigning: name === 'resigned', rule }));

test('a member whose promise comes late follows before the promotion has ended', async () => {
  const following: string[] = [];
  const slowPromise = Promise.withResolvers<object>();
  const acknowledged = Promise.withResolvers<object>();
  const promise = (name: string): object => ({
    consensus_status: {
      term_revocation: { revoked_below_term: '2', accepted_coordinator_id: ORCH },
      current_position: {
        lsn: name === 'ahead' ? '0/300' : '0/200',
        position: { decision: { rule_number: { coordinator_term: '1' } } },
      },
    },
  });
  const answer = (name: string, method: string): object | Promise<object> => {
    if (method === 'Recruit') return name === 'slow' ? slowPromise.promise : promise(name);
    if (method === 'Promote') return acknowledged.promise;
    following.push(name);
    // Its acknowledgement is what the promotion waits for.
    if (name === 'slow') acknowledged.resolve({});
    return {};
  };
  const consensus = ({ id }: PoolerView): RpcClient =>
    ({ call: async (method: string) => answer(id.name, method) }) as unknown as RpcClient;
  const silent = { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} };
  const leader = await campaign(
    { me: ORCH, log: silent as never, now: () => 0, consensus },
    { key: { database: 'd', tableGroup: 't', shard: 's' }, poolers },
    { rule, policy: { policy_name: 'AT_LEAST_2' }, reason: 'LeaderResigned' } as never,
  );
  slowPromise.resolve({});
  assert.equal(leader.name, 'ahead');
  assert.deepEqual(following.slice(0, 2).toSorted(), ['resigned', 'slow']);
});
