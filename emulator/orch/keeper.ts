/** Multiorch's cycle for one shard: look, list what is wrong, cure what may be cured. */
import { messageCodec } from '../../controller/proto/load.ts';
import type { DatabaseRecord } from '../../controller/topo/types.ts';
import { clientOf, type RpcClient, type TlsFiles } from '../grpc.ts';
import type { Log } from '../log.ts';
import { databasePath, type Topo } from '../topo.ts';
import { analyse } from './analyse.ts';
import type { Action, AnalyseOptions } from './finding.ts';
import { claimShard } from './claim.ts';
import { campaign, setPrimary, type CampaignDeps } from './campaign.ts';
import { othersElecting } from './elect.ts';
import { expire, nextCountdown, type Countdown, type GraceOptions } from './grace.ts';
import {
  poolerIdMessage,
  ruleNumberMessage,
  type IdMessage,
  type ShardRuleMessage,
} from './messages.ts';
import {
  describeShard,
  findPooler,
  idKey,
  type ComponentId,
  type PoolerView,
  type Rule,
  type ShardKey,
} from './model.ts';
import { relist, type Listed } from './listing.ts';
import { electable, recruitable } from './quorum.ts';
import type { ShardWatch } from './watch.ts';

export interface KeeperOptions {
  key: ShardKey;
  me: IdMessage;
  topo: Topo;
  watch: ShardWatch;
  tls: TlsFiles | undefined;
  log: Log;
  now: () => number;
  random: () => number;
  grace: GraceOptions;
  analyse: AnalyseOptions;
}

const UPDATE_DEADLINE_MS = 10_000;
const databaseCodec = messageCodec<DatabaseRecord>('Database');

export class ShardKeeper {
  private readonly o: KeeperOptions;
  private readonly clients = new Map<string, RpcClient>();
  private readonly repairing = new Set<string>();
  private countdown: Countdown | undefined;
  private listed: Listed[] = [];
  private busy: Promise<void> = Promise.resolve();
  private database: DatabaseRecord | undefined;
  /** False after DisableRecovery: problems are listed, nothing is done. */
  enabled = true;

  constructor(options: KeeperOptions) {
    this.o = options;
  }

  problems(): readonly Listed[] {
    return this.listed;
  }

  /** Resolves when no action runs. */
  idle(): Promise<void> {
    return this.busy;
  }

  /** One cycle; cycles never overlap. */
  cycle(): Promise<void> {
    this.busy = this.busy
      .then(() => this.runCycle())
      .catch((error: unknown) => this.o.log.warn('cycle failed', { error }));
    return this.busy;
  }

  /** TriggerRecoveryNow: ends a running grace period and runs a cycle. @returns check names still listed */
  async recoverNow(): Promise<string[]> {
    this.countdown = expire(this.countdown, this.o.now());
    await this.cycle();
    const left = analyse(this.o.watch.view(), this.o.now(), this.o.analyse);
    return [
      ...new Set(left.flatMap((f) => (f.problem === undefined ? [] : [f.problem.checkName]))),
    ];
  }

  private async runCycle(): Promise<void> {
    await this.readDatabase();
    const findings = analyse(this.o.watch.view(), this.o.now(), this.o.analyse);
    this.listed = relist(this.listed, findings, this.o.now(), this.o.log);
    const election = findings.map((f) => f.action).find((a) => a?.kind === 'elect');
    this.countdown = nextCountdown(
      this.countdown,
      election?.code,
      this.o.now(),
      this.o.random(),
      this.o.grace,
    );
    if (!this.enabled) return;
    let cohortChanged = false;
    for (const { action } of findings) {
      if (action === undefined || (action.kind === 'cohort' && cohortChanged)) continue;
      cohortChanged ||= action.kind === 'cohort';
      await this.act(action).catch((error: unknown) => {
        this.o.log.warn('recovery action failed', { action: action.kind, error });
      });
    }
  }

  private async act(action: Action): Promise<void> {
    if (action.kind === 'initialize') return this.initialize(action.members);
    if (action.kind === 'elect') return this.elect(action.rule, action.code);
    if (action.kind === 'replicate') return this.replicate(action.pooler, action.rule);
    return this.changeCohort(action.operation, action.pooler, action.rule);
  }

  /** Claims the shard, or obeys the claim that is there; only the claimer goes on. */
  private async initialize(members: ComponentId[]): Promise<void> {
    const { key, me, topo, watch, log } = this.o;
    const cohort = await claimShard(topo, key, me, members);
    if (cohort === undefined) return;
    const policy = this.database?.bootstrap_durability_policy;
    const view = watch.view();
    const ready = cohort.filter((id) => recruitable(findPooler(view, id)));
    if (!electable(policy?.policy_name ?? '', cohort, ready)) return;
    if (othersElecting(view, me.name ?? '', this.o.now())) return;
    log.info('initialising shard', { cohort: cohort.map((id) => id.name) });
    const known = ready
      .map((id) => findPooler(view, id)?.health?.rule)
      .find((rule) => rule !== undefined);
    const rule: Rule = {
      term: 0,
      subterm: known?.subterm ?? 1,
      cohort,
      policy: policy?.policy_name ?? '',
      createdMs: 0,
    };
    if (known?.raw !== undefined) rule.raw = known.raw;
    await campaign(this.campaignDeps(), view, {
      rule,
      policy: policy as ShardRuleMessage['durability_policy'],
      reason: 'ShardInit',
    });
  }

  private async elect(rule: Rule, code: string): Promise<void> {
    if (this.countdown === undefined || this.o.now() < this.countdown.dueMs) return;
    const view = this.o.watch.view();
    if (othersElecting(view, this.o.me.name ?? '', this.o.now())) return;
    const policy = (rule.raw as ShardRuleMessage | undefined)?.durability_policy;
    await campaign(this.campaignDeps(), view, { rule, policy, reason: code });
  }

  /** Runs beside the cycle: a rewind may take long, and one pooler must not hold up the others. */
  private async replicate(id: ComponentId, rule: Rule): Promise<void> {
    const view = this.o.watch.view();
    const pooler = findPooler(view, id);
    const leader = findPooler(view, rule.leader);
    const key = idKey(id);
    if (pooler === undefined || leader === undefined || this.repairing.has(key)) return;
    this.repairing.add(key);
    const done = setPrimary(
      this.campaignDeps(),
      pooler,
      leader,
      { decision: rule.raw as ShardRuleMessage },
      true,
    )
      .catch((error: unknown) => this.o.log.info('SetPrimary failed', { pooler: id.name, error }))
      .finally(() => this.repairing.delete(key));
    await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 300))]);
  }

  private async changeCohort(
    operation: 'ADD' | 'REMOVE',
    id: ComponentId,
    rule: Rule,
  ): Promise<void> {
    const leader = findPooler(this.o.watch.view(), rule.leader);
    if (leader === undefined) return;
    await this.consensus(leader).call(
      'UpdateConsensusRule',
      {
        operation: `RULE_OPERATION_COHORT_${operation}`,
        standby_ids: [poolerIdMessage(id)],
        expected_outgoing_rule: ruleNumberMessage(rule),
        coordinator_id: this.o.me,
      },
      UPDATE_DEADLINE_MS,
    );
    this.o.log.info('cohort changed', {
      shard: describeShard(this.o.key),
      operation,
      pooler: id.name,
    });
  }

  /** Read once: the bootstrap policy means nothing after the first election. */
  private async readDatabase(): Promise<void> {
    if (this.database !== undefined) return;
    const found = await this.o.topo.global.get(databasePath(this.o.key.database));
    if (found === undefined) return;
    this.database = databaseCodec.decode(found.value);
    this.o.watch.bootstrapPolicy = this.database.bootstrap_durability_policy?.policy_name;
  }

  private campaignDeps(): CampaignDeps {
    return {
      me: this.o.me,
      log: this.o.log,
      now: this.o.now,
      consensus: (pooler) => this.consensus(pooler),
    };
  }

  private consensus(pooler: PoolerView): RpcClient {
    const address = `${pooler.hostname}:${pooler.grpcPort}`;
    let client = this.clients.get(address);
    if (client === undefined) {
      client = clientOf('MultipoolerConsensus', address, this.o.tls);
      this.clients.set(address, client);
    }
    return client;
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
    this.o.watch.close();
  }
}
