import { names } from '../../../schemas/names.ts';
import type { StatusResponse } from '../../../controller/rpc/types.ts';
import type { PoolerEntry } from '../../../controller/topo/records.ts';
import type { LifecycleStatus, Multipooler } from '../../../controller/topo/types.ts';
import { ruleOf, idOf } from './basics.ts';
import type { PoolerNote, World } from './notes.ts';
import { NOW } from './notes.ts';

export const recordOf = (name: string, note: PoolerNote): Multipooler => {
  const gone = note.lifecycle === 'SHUTDOWN';
  return {
    id: idOf(name),
    hostname: `${name}.ns.svc`,
    port_map: { grpc: 15270 },
    serving_status: note.serving ?? 'SERVING',
    lifecycle_status: { status: `LIFECYCLE_${note.lifecycle ?? 'ACTIVE'}` as LifecycleStatus },
    ...(gone
      ? {}
      : {
          routing_state: {
            role: note.role === 'PRIMARY' ? 'ROUTING_ROLE_PRIMARY' : 'ROUTING_ROLE_REPLICA',
            ...(note.rule ? { rule: ruleOf(note.rule) } : {}),
          },
        }),
  };
};

export const everybody = (world: World): string[] => Object.keys(world.poolers ?? {});

export const replyOf = (
  world: World,
  name: string,
  note: PoolerNote,
): StatusResponse | undefined => {
  const decided = world.rule && {
    rule_number: ruleOf(world.rule.number),
    leader_id: idOf(world.rule.leader),
    cohort_members: world.rule.cohort.map(idOf),
    ...(world.rule.policy ? { durability_policy: { policy_name: world.rule.policy } } : {}),
    creation_time: { seconds: String(NOW / 1000 - (world.rule.since ?? 3600)) },
  };
  const consensus_status = decided
    ? {
        id: idOf(name),
        current_position: { position: { decision: decided } },
        ...(note.rewindReady ? { replication_primary: { rewind_ready: true } } : {}),
      }
    : {};
  const reply = (status: StatusResponse['status']): StatusResponse => ({
    ...(status ? { status } : {}),
    consensus_status,
  });
  const seen = { seconds: String(NOW / 1000 - 1) };
  switch (note.answers) {
    case 'primary':
      return reply({
        postgres_ready: true,
        postgres_status: 'POSTGRES_STATUS_PRIMARY',
        primary_status: {
          connected_followers: everybody(world)
            .filter((other) => world.poolers?.[other]?.answers === 'standby')
            .map(idOf),
        },
      });
    case 'standby':
      return reply({
        postgres_ready: true,
        postgres_status: 'POSTGRES_STATUS_STANDBY',
        ...(note.busy ? { postgres_action: `POSTGRES_ACTION_${note.busy}` as const } : {}),
        replication_status: {
          wal_receiver_status: 'streaming',
          last_msg_receive_time: seen,
          primary_conn_info: { host: `${world.rule?.leader ?? '?'}.ns.svc` },
        },
      });
    case 'detached':
      return reply({
        postgres_ready: true,
        postgres_status: 'POSTGRES_STATUS_STANDBY',
        replication_status: {},
      });
    case 'diverged':
      return {
        ...reply({
          postgres_ready: true,
          postgres_status: 'POSTGRES_STATUS_STANDBY',
          replication_status: {},
        }),
        availability_status: { suspected_divergence: true },
      };
    case 'first-backup':
      return reply({
        is_initialized: true,
        postgres_status: 'POSTGRES_STATUS_PRIMARY',
        postgres_action: 'POSTGRES_ACTION_CREATING_FIRST_BACKUP',
      });
    case 'restoring':
      return reply({ postgres_action: 'POSTGRES_ACTION_RESTORING_FROM_BACKUP' });
    case undefined:
      break;
  }
  return undefined;
};

export const entriesOf = (world: World): Map<string, PoolerEntry> => {
  const kv = {
    key: 'k',
    value: Buffer.alloc(0),
    modRevision: '1',
    version: '1',
    lease: '0',
  };
  const notes = world.topologyError ? [] : Object.entries(world.poolers ?? {});
  return new Map(
    notes.map(([name, note]) => [names.poolerId(name), { kv, record: recordOf(name, note ?? {}) }]),
  );
};

export const repliesOf = (world: World): Map<string, StatusResponse> =>
  new Map(
    Object.entries(world.poolers ?? {}).flatMap(([name, note]) => {
      const reply = note && replyOf(world, name, note);
      return reply ? [[names.poolerId(name), reply] as const] : [];
    }),
  );
