import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { messageCodec } from '../../../controller/proto/load.ts';
import type { StatusResponse } from '../../../controller/rpc/types.ts';
import {
  cohortOf,
  compareRules,
  leaderOf,
  rolesOf,
  usefulStandby,
} from '../../../controller/shard/state/roles.ts';
import type { PoolerView } from '../../../controller/shard/state/roles.ts';
import { codecs } from '../../../controller/topo/codec.ts';
import { bytesOf, readCapture } from '../topo/captures.ts';

const statusCodec = messageCodec<StatusResponse>('StatusResponse');

/** A recorded shard as the reconciler sees it. In the recordings a pod is called like its pooler. */
const views = (state: string): PoolerView[] => {
  const capture = readCapture(state);
  return capture.records
    .filter(({ type }) => type === 'Multipooler')
    .map(({ value }) => {
      const record = codecs.Multipooler.decode(bytesOf(value));
      const id = record.id?.name ?? '';
      const raw = capture.status[id];
      return {
        id,
        cell: record.id?.cell ?? '',
        pod: id,
        record,
        ...(raw === undefined ? {} : { status: statusCodec.decode(bytesOf(raw)) }),
      };
    });
};

const takenAt = (state: string): number => Date.parse(readCapture(state).takenAt);

const summary = (state: string) => {
  const all = views(state);
  const leader = leaderOf(all);
  return {
    roles: rolesOf(all),
    leader:
      leader &&
      `${leader.view.id} ${leader.rule?.coordinator_term ?? '0'}.${leader.rule?.leader_subterm ?? '0'}`,
    cohort: cohortOf(all),
  };
};

const three = ['p-zone-a', 'p-zone-b', 'p-zone-c'];

describe('roles of recorded shards', () => {
  it('healthy: the leader of the rule, everybody in the cohort', () => {
    assert.deepEqual(summary('healthy-3'), {
      roles: { 'p-zone-a': 'PRIMARY', 'p-zone-b': 'REPLICA', 'p-zone-c': 'REPLICA' },
      leader: 'p-zone-a 1.1',
      cohort: three,
    });
  });

  it('first backup: nobody leads although every PostgreSQL is writable', () => {
    const { leader, cohort } = summary('first-backup');
    assert.equal(leader, undefined);
    assert.deepEqual(cohort, []);
  });

  it('restored, not elected: nobody leads', () => {
    assert.equal(summary('restored-no-leader').leader, undefined);
  });

  it('resigned: nobody leads until the election', () => {
    assert.equal(summary('after-resign').leader, undefined);
  });

  it('killed leader: of two PRIMARY records the higher rule counts', () => {
    const all = views('primary-killed-after-election');
    const claims = all.filter(
      ({ record }) => record?.routing_state?.role === 'ROUTING_ROLE_PRIMARY',
    );
    assert.equal(claims.length, 2);
    const leader = leaderOf(all);
    for (const { record } of claims) {
      assert.ok(compareRules(leader?.rule, record?.routing_state?.rule) >= 0);
    }
    assert.notEqual(leader?.view.status, undefined);
    assert.equal(Object.values(rolesOf(all)).filter((role) => role === 'PRIMARY').length, 1);
  });

  it('stopped standby: it has no role', () => {
    assert.equal(Object.keys(summary('standby-stopped').roles).length, 2);
  });

  it('quarantined standby: it is told apart', () => {
    assert.ok(Object.values(summary('quarantined').roles).includes('QUARANTINED'));
  });

  it('six members', () => {
    assert.equal(summary('scale-up-6').cohort.length, 6);
  });

  it('a leader outside of its own cohort still leads', () => {
    const { leader, cohort } = summary('leader-outside-cohort');
    assert.ok(leader);
    assert.ok(!cohort.includes(leader.split(' ')[0] ?? ''));
  });
});

describe('useful standby', () => {
  const test = (state: string): Record<string, string> => {
    const all = views(state);
    const leader = leaderOf(all)?.view;
    assert.ok(leader);
    const others = all.filter((view) => view !== leader);
    return Object.fromEntries(
      others.map((view) => {
        const answer = usefulStandby(view, leader, takenAt(state));
        return [view.id, answer.useful ? 'useful' : answer.reason];
      }),
    );
  };

  it('holds for both standbys of a healthy shard', () => {
    assert.deepEqual(Object.values(test('healthy-3')), ['useful', 'useful']);
  });

  it('fails for a killed one', () => {
    assert.deepEqual(Object.values(test('standby-killed')).toSorted(), [
      'it does not answer',
      'useful',
    ]);
  });
});

describe('rules', () => {
  it('order by term, then subterm, as numbers', () => {
    assert.ok(
      compareRules({ coordinator_term: '10' }, { coordinator_term: '9', leader_subterm: '7' }) > 0,
    );
    assert.ok(
      compareRules({ coordinator_term: '9', leader_subterm: '1' }, { coordinator_term: '9' }) > 0,
    );
    assert.equal(compareRules(undefined, {}), 0);
  });
});
