import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { whatMatters } from '../../../controller/dataplane/matters.ts';
import { messageCodec } from '../../../controller/proto/load.ts';
import type { StatusResponse } from '../../../controller/rpc/types.ts';
import { codecs } from '../../../controller/topo/codec.ts';
import type { Multipooler } from '../../../controller/topo/types.ts';
import { bytesOf, readCapture } from '../topo/captures.ts';

const replyOf = (state: string, pooler: string): StatusResponse => {
  const raw = readCapture(state).status[pooler];
  assert.ok(raw !== undefined, `${pooler} did not answer in ${state}`);
  return messageCodec<StatusResponse>('StatusResponse').decode(bytesOf(raw));
};

const recordOf = (state: string, pooler: string): Multipooler => {
  const found = readCapture(state).records.find(({ key }) => key.endsWith(`${pooler}/Pooler`));
  assert.ok(found);
  return codecs.Multipooler.decode(bytesOf(found.value));
};

const same = (a: StatusResponse | Multipooler, b: StatusResponse | Multipooler): boolean =>
  whatMatters(a) === whatMatters(b);

/** Recorded replies of one pooler before and after something happened to its shard. */
const HAPPENED: [string, string, from: string, to: string][] = [
  ['the data directory was made', 'p-zone-a', 'just-started', 'first-backup'],
  ['a leader was elected', 'p-zone-a', 'restored-no-leader', 'healthy-3'],
  ['a standby was stopped, as its leader sees it', 'p-zone-a', 'healthy-3', 'standby-stopped'],
  ['a standby was stopped, as the other one sees it', 'p-zone-c', 'healthy-3', 'standby-stopped'],
  ['a standby was killed, as its leader sees it', 'p-zone-a', 'healthy-3', 'standby-killed'],
  ['the leader resigned', 'p-zone-a', 'healthy-3', 'after-resign'],
  ['another leader after a kill', 'p-zone-b', 'healthy-3', 'primary-killed-after-election'],
  ['the cohort grew', 'p-zone-a', 'healthy-3', 'scale-up-6'],
  ['the leader left its cohort', 'p-zone-a', 'healthy-3', 'leader-outside-cohort'],
];

/** What a heartbeat of the same pooler would change while nothing happens. */
const later = (reply: StatusResponse): StatusResponse => {
  const { status, consensus_status: consensus } = reply;
  const { primary_status: primary, replication_status: replication } = status ?? {};
  const at = { seconds: '1795349999', nanos: 1 };
  return {
    ...reply,
    status: {
      ...status,
      wal_position: '0/9000000',
      ...(primary
        ? {
            primary_status: {
              ...primary,
              lsn: '0/9000000',
              connected_followers: (primary.connected_followers ?? []).toReversed(),
            },
          }
        : {}),
      ...(replication
        ? {
            replication_status: {
              ...replication,
              last_replay_lsn: '0/8FFFFFF',
              last_receive_lsn: '0/9000000',
              lag: { nanos: 5_000_000 },
              last_xact_replay_timestamp: '2026-11-22 12:00:00.000000+00',
              last_msg_receive_time: at,
              last_receive_lsn_advance_time: at,
            },
          }
        : {}),
      ...(status?.postgres_action ? { postgres_action_duration: { seconds: '77' } } : {}),
    },
    ...(consensus?.current_position
      ? {
          consensus_status: {
            ...consensus,
            current_position: { ...consensus.current_position, lsn: '0/9000000' },
          },
        }
      : {}),
  };
};

describe('what matters in a reply', () => {
  for (const [what, pooler, from, to] of HAPPENED) {
    it(`is told: ${what}`, () => {
      assert.equal(same(replyOf(from, pooler), replyOf(to, pooler)), false);
    });
  }

  it('is not what moves with every heartbeat', () => {
    for (const state of ['healthy-3', 'standby-stopped', 'scale-up-6', 'first-backup']) {
      for (const pooler of Object.keys(readCapture(state).status)) {
        const reply = replyOf(state, pooler);
        assert.ok(same(reply, later(reply)), `${pooler} in ${state}`);
      }
    }
  });

  const leader = replyOf('healthy-3', 'p-zone-a');
  const standby = replyOf('healthy-3', 'p-zone-b');
  const { status: leading, consensus_status: consensus } = leader;
  const decision = consensus?.current_position?.position?.decision;
  const decided = (change: object): StatusResponse => ({
    ...leader,
    consensus_status: {
      ...consensus,
      current_position: { position: { decision: { ...decision, ...change } } },
    },
  });
  const changes: Record<string, [StatusResponse, StatusResponse]> = {
    role: [leader, { ...leader, status: { ...leading, pooler_type: 'REPLICA' } }],
    readiness: [leader, { ...leader, status: { ...leading, postgres_ready: false } }],
    rule: [leader, decided({ rule_number: { coordinator_term: '2' } })],
    cohort: [leader, decided({ cohort_members: decision?.cohort_members?.slice(1) })],
    eligibility: [
      leader,
      {
        ...leader,
        availability_status: {
          cohort_eligibility_status: { signal: 'COHORT_ELIGIBILITY_SIGNAL_INELIGIBLE' },
        },
      },
    ],
    'leadership signal': [
      leader,
      {
        ...leader,
        availability_status: {
          ...leader.availability_status,
          leadership_status: { signal: 'LEADERSHIP_SIGNAL_REQUESTING_DEMOTION' },
        },
      },
    ],
    divergence: [
      leader,
      {
        ...leader,
        availability_status: { ...leader.availability_status, suspected_divergence: true },
      },
    ],
    'receiver status': [
      standby,
      {
        ...standby,
        status: {
          ...standby.status,
          replication_status: {
            ...standby.status?.replication_status,
            wal_receiver_status: 'waiting',
          },
        },
      },
    ],
    followers: [
      leader,
      {
        ...leader,
        status: {
          ...leading,
          primary_status: {
            ...leading?.primary_status,
            connected_followers: leading?.primary_status?.connected_followers?.slice(1) ?? [],
          },
        },
      },
    ],
    'action on its postgres': [
      leader,
      { ...leader, status: { ...leading, postgres_action: 'POSTGRES_ACTION_STARTING' } },
    ],
    'settings of synchronous replication': [
      leader,
      {
        ...leader,
        status: {
          ...leading,
          primary_status: {
            ...leading?.primary_status,
            sync_replication_config: {
              ...leading?.primary_status?.sync_replication_config,
              num_sync: 2,
            },
          },
        },
      },
    ],
  };
  for (const [what, [before, after]] of Object.entries(changes)) {
    it(`is the ${what}`, () => assert.equal(same(before, after), false));
  }
});

describe('what matters in a record', () => {
  const record = recordOf('healthy-3', 'p-zone-a');
  const changes: Record<string, Multipooler> = {
    lifecycle: { ...record, lifecycle_status: { status: 'LIFECYCLE_STOPPING' } },
    role: { ...record, routing_state: { role: 'ROUTING_ROLE_REPLICA' } },
    rule: {
      ...record,
      routing_state: { ...record.routing_state, rule: { coordinator_term: '2' } },
    },
    serving: { ...record, serving_status: 'DRAINING' },
    hostname: { ...record, hostname: 'elsewhere' },
    ports: { ...record, port_map: { ...record.port_map, grpc: 1 } },
  };
  for (const [what, after] of Object.entries(changes)) {
    it(`is the ${what}`, () => assert.equal(same(record, after), false));
  }

  it('is not when it was written', () => {
    const { lifecycle_status: lifecycle } = record;
    const rewritten = { ...record, lifecycle_status: { ...lifecycle, updated: { seconds: '1' } } };
    assert.ok(same(record, rewritten));
  });
});
