/** What the contract suite asks of a running shard: records, statuses, SQL, problems. No waiting without a condition. */
import assert from 'node:assert/strict';
import pg from 'pg';
import { codecs } from '../../../controller/topo/codec.ts';
import { topoKeys } from '../../../controller/topo/keys.ts';
import type { Multipooler } from '../../../controller/topo/types.ts';
import type { ServiceName } from '../../../controller/proto/load.ts';
import type { RuntimeEtcd } from '../../../emulator/etcd.ts';
import { clientOf } from '../../../emulator/grpc.ts';
import type { LocalCluster } from '../../../emulator/local.ts';
import type { PodPlan } from '../../../emulator/local/plan.ts';
import type {
  IdMessage,
  ShardRuleMessage,
  StatusMessage,
} from '../../../emulator/orch/messages.ts';

import { eventually } from './wait.ts';

export { errorOf, eventually, type CallError } from './wait.ts';

export interface Problem {
  code?: string;
  check_name?: string;
  pooler_id?: IdMessage;
  description?: string;
  priority?: number;
  scope?: string;
}
export interface ShardStatus {
  problems?: Problem[];
  pooler_healths?: {
    pooler_id?: IdMessage;
    stream_connected?: boolean;
    pooler_type?: string;
    last_seen?: { seconds?: string };
    postgres_ready?: boolean;
  }[];
}
export const SHARD_KEY = { database: 'postgres', table_group: 'default', shard: '0-inf' } as const;

const number = (rule: ShardRuleMessage | undefined): [number, number] => [
  Number(rule?.rule_number?.coordinator_term ?? 0),
  Number(rule?.rule_number?.leader_subterm ?? 0),
];
export const ruleOrder = (
  a: ShardRuleMessage | undefined,
  b: ShardRuleMessage | undefined,
): number => {
  const [x, y] = [number(a), number(b)];
  return x[0] - y[0] || x[1] - y[1];
};
export const termOf = (rule: ShardRuleMessage | undefined): number => number(rule)[0];
export const subtermOf = (rule: ShardRuleMessage | undefined): number => number(rule)[1];

/** A shard whose poolers are named by their pod's suffix, e.g. `zone-a`. */
export class Shard {
  readonly cluster: LocalCluster;
  readonly topo: RuntimeEtcd;

  constructor(cluster: LocalCluster) {
    this.cluster = cluster;
    this.topo = cluster.topo();
  }

  get suffixes(): string[] {
    return this.cluster.pods.map((pod) => pod.suffix);
  }

  others(...not: string[]): string[] {
    return this.suffixes.filter((suffix) => !not.includes(suffix));
  }

  id(suffix: string): IdMessage {
    const pod: PodPlan = this.cluster.pod(suffix);
    return { component: 'MULTIPOOLER', cell: pod.cell, name: pod.serviceId };
  }

  /** Key of a pooler's record. */
  recordKey(suffix: string): string {
    const pod = this.cluster.pod(suffix);
    return topoKeys.pooler(this.cluster.plan.root, pod.cell, pod.serviceId);
  }

  async record(suffix: string): Promise<Multipooler> {
    const found = await this.topo.get(this.recordKey(suffix));
    assert.ok(found, `no record of ${suffix}`);
    return codecs.Multipooler.decode(found.value);
  }

  /** One gRPC call on its own connection. @throws CallError */
  async call<A>(
    service: ServiceName,
    address: string,
    method: string,
    request: object = {},
    deadlineMs = 10_000,
  ): Promise<A> {
    const client = clientOf(service, address);
    try {
      return await client.call<A>(method, request, deadlineMs);
    } finally {
      client.close();
    }
  }

  manager<A>(
    suffix: string,
    method: string,
    request: object = {},
    deadlineMs?: number,
  ): Promise<A> {
    return this.call(
      'MultipoolerManager',
      this.cluster.grpc.pooler(suffix),
      method,
      request,
      deadlineMs,
    );
  }

  consensus<A>(suffix: string, method: string, request: object): Promise<A> {
    return this.call(
      'MultipoolerConsensus',
      this.cluster.grpc.pooler(suffix),
      method,
      request,
      30_000,
    );
  }

  orch<A>(cell: string, method: string, request: object = {}, deadlineMs = 30_000): Promise<A> {
    return this.call('MultiorchService', this.cluster.grpc.orch(cell), method, request, deadlineMs);
  }

  status(suffix: string): Promise<StatusMessage> {
    return this.manager<StatusMessage>(suffix, 'Status');
  }

  shardStatus(cell: string): Promise<ShardStatus> {
    return this.orch(cell, 'GetShardStatus', { shard_key: SHARD_KEY });
  }

  /** The highest decided rule that any answering pooler knows. */
  async rule(): Promise<ShardRuleMessage> {
    const answers = await Promise.allSettled(this.suffixes.map((suffix) => this.status(suffix)));
    const rules = answers.flatMap((a) =>
      a.status === 'fulfilled'
        ? [a.value.consensus_status?.current_position?.position?.decision]
        : [],
    );
    const best = rules.toSorted((a, b) => ruleOrder(b, a))[0];
    assert.ok(best, 'no pooler knows a rule');
    return best;
  }

  /** Suffix of the leader by the highest rule, if its postgres is a primary. */
  async leader(): Promise<string> {
    const name = (await this.rule()).leader_id?.name;
    const suffix = this.suffixes.find((s) => this.cluster.pod(s).serviceId === name);
    assert.ok(suffix, 'no leader');
    assert.equal((await this.status(suffix)).status?.postgres_status, 'POSTGRES_STATUS_PRIMARY');
    return suffix;
  }

  /** Names of the cohort's members, sorted, without their `p-`. */
  async cohort(): Promise<string[]> {
    return ((await this.rule()).cohort_members ?? [])
      .map((id) => (id.name ?? '').slice(2))
      .toSorted();
  }

  /** A leader that serves and every pooler of `suffixes` a useful standby in the cohort. @returns the leader */
  async healthy(suffixes: string[] = this.suffixes, limitMs?: number): Promise<string> {
    return eventually(
      `leader and standbys ${suffixes.join(', ')}`,
      async () => {
        const leader = await this.leader();
        assert.deepEqual(await this.cohort(), suffixes.toSorted());
        for (const suffix of suffixes)
          if (suffix !== leader) await this.usefulStandby(suffix, leader);
        assert.equal((await this.record(leader)).routing_state?.role, 'ROUTING_ROLE_PRIMARY');
        return leader;
      },
      limitMs,
    );
  }

  private async usefulStandby(suffix: string, leader: string): Promise<void> {
    const { status, availability_status: availability } = await this.status(suffix);
    assert.equal(status?.postgres_ready, true, `${suffix} is not ready`);
    assert.equal(status.postgres_status, 'POSTGRES_STATUS_STANDBY', `${suffix} is no standby`);
    assert.equal(
      status.replication_status?.wal_receiver_status,
      'streaming',
      `${suffix} does not stream`,
    );
    assert.equal(
      status.replication_status.primary_conn_info?.host,
      this.cluster.pod(leader).hostname,
    );
    assert.notEqual(availability?.suspected_divergence, true);
  }

  /** One statement on a connection of its own through the first cell's gateway. @throws pg.DatabaseError */
  async sql(
    text: string,
    values: unknown[] = [],
    port: 'primary' | 'replica' = 'primary',
  ): Promise<Record<string, unknown>[]> {
    const at = this.cluster.sql(this.cluster.plan.cells[0] ?? '');
    const client = new pg.Client({
      host: at.host,
      port: port === 'primary' ? at.port : at.replicaPort,
      ...{ user: 'postgres', password: this.cluster.password, database: 'postgres' },
      connectionTimeoutMillis: 5000,
    });
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query(text, values)).rows as Record<string, unknown>[];
    } finally {
      await client.end().catch(() => {});
    }
  }

  /** HTTP status and body of multiadmin's REST. */
  async admin(
    verb: 'GET' | 'POST',
    path: string,
    body?: object,
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const answer = await fetch(`${this.cluster.http.admin()}/api/v1/${path}`, {
      method: verb,
      signal: AbortSignal.timeout(120_000),
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  }
}
