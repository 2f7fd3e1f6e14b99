import { compact } from '../../../schemas/compact.ts';
import { policyInForce, type Member } from '../../../schemas/durability.ts';
import type { KubeObject } from '../../../schemas/k8s.ts';
import { COMPONENTS } from '../../../schemas/labels.ts';
import { names } from '../../../schemas/names.ts';
import { PORTS } from '../../../schemas/ports.ts';
import type { Shard } from '../../../schemas/types.ts';
import { HEADLESS, claim, claimSpec, service } from '../../builders/objects.ts';
import type { BuildContext } from '../../builders/context.ts';
import { identityOf } from '../../builders/meta.ts';
import { renderPostgresConfig, type ConfigResult, type PostgresConfig } from './postgres-config.ts';
import { shardBudgets } from './budgets.ts';
import { configMaps } from './config-maps.ts';
import { orchObjects } from './orch.ts';
import { podsOf, poolLabels, type DesiredPod } from './pod.ts';
import { poolCells, scopeOf, shardLabels, shardSpec, type ShardScope } from './scope.ts';

export type { DesiredPod } from './pod.ts';

export interface ShardInput {
  /** Text under `postgresConfigRef`; the reconciler reads it. */
  readonly configBody?: string;
  /** Once the shard has started: postgresql.conf of its ConfigMap as it is. Some settings cannot go down. */
  readonly runningConfig?: string;
  /** Of the data claims that are there, see `ANNOTATIONS.postgresFloor`. */
  readonly floorNotes?: readonly string[];
  /** Poolers of the pods that run: the budgets have to count those beyond the specification too. */
  readonly poolers?: readonly Member[];
  /** Poolers that must not be evicted: `readyPrimaries` of the pods. */
  readonly primaries?: readonly string[];
}

export interface ShardChildren {
  /** ConfigMaps, Services, orchestrators, budgets, backup volume: applied as they are. */
  readonly objects: KubeObject[];
  /** Pods are never applied: creating and replacing them is the lifecycle's work. */
  readonly pods: DesiredPod[];
  readonly config: PostgresConfig;
}

/** The settings of a Shard's pods, or what is wrong with the user's part of them. */
export const shardConfig = (shard: Shard, input: ShardInput): ConfigResult => {
  const spec = shardSpec(shard);
  return renderPostgresConfig({
    cluster: identityOf(shard).cluster,
    database: spec.databaseName,
    tableGroup: spec.tableGroupName,
    shard: spec.shardName,
    pools: spec.pools,
    ...compact({
      body: input.configBody,
      inline: spec.postgresConfig,
      running: input.runningConfig,
      floorNotes: input.floorNotes,
    }),
  });
};

const FALLBACK_BACKUP_SIZE = '10Gi';

/** One volume for all pods of the shard, only for backups that are files. */
const backupClaims = (scope: ShardScope): KubeObject[] => {
  const { backup } = scope.spec;
  if (backup?.type !== 'filesystem') return [];
  const spec = claimSpec(backup.filesystem?.storage, FALLBACK_BACKUP_SIZE);
  const labels = shardLabels(scope, COMPONENTS.pool);
  return [claim(scope.id, names.backupPvc(...scope.parts), labels, spec)];
};

/** Names of the pods themselves, and discovery of their metrics; peers use the Service of each pod. */
const headlessServices = (scope: ShardScope): KubeObject[] =>
  poolCells(scope.spec).map((at) =>
    service(
      scope.id,
      names.poolHeadless(...scope.parts, at.pool, at.cell),
      poolLabels(scope, at),
      { ...PORTS.multipooler, metrics: PORTS.exporter.metrics },
      { spec: HEADLESS },
    ),
  );

/** Each pooler once, those beyond the specification too. */
const membersOf = (pods: readonly DesiredPod[], running: readonly Member[] = []): Member[] => {
  const wanted = pods.map(({ serviceId, cell }) => ({ id: serviceId, cell }));
  return [...new Map([...running, ...wanted].map((member) => [member.id, member])).values()];
};

/**
 * Everything a Shard wants to exist.
 * @throws if the settings cannot be rendered; ask `shardConfig` first to report it.
 */
export const shardChildren = (
  shard: Shard,
  input: ShardInput,
  ctx: BuildContext,
): ShardChildren => {
  const config = shardConfig(shard, input);
  if (!config.ok) throw new Error(`Shard ${shard.metadata.name}: ${config.error}`);
  const scope = scopeOf(shard, config.value, ctx);
  const pods = poolCells(scope.spec).flatMap((at) => podsOf(scope, at));
  return {
    objects: [
      ...configMaps(scope),
      ...backupClaims(scope),
      ...headlessServices(scope),
      ...shardBudgets(scope, {
        policy: policyInForce(shard),
        members: membersOf(pods, input.poolers),
        primaries: input.primaries ?? [],
      }),
      ...orchObjects(scope),
    ],
    pods,
    config: config.value,
  };
};
