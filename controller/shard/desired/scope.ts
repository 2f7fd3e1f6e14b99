import { nonEmpty } from '../../../schemas/compact.ts';
import type { Pool, Shard, ShardSpec } from '../../../schemas/types.ts';
import type { BuildContext } from '../../builders/context.ts';
import { childLabels, identityOf, type Identity } from '../../builders/meta.ts';
import { pullOf, type Pull } from '../../builders/pull.ts';
import { shardIdentity } from '../state/identity.ts';
import type { PostgresConfig } from './postgres-config.ts';

/** What all builders of one Shard share. */
export interface ShardScope {
  readonly name: string;
  readonly spec: ShardSpec;
  readonly id: Identity;
  readonly pull: Pull;
  /** Cluster, database, tablegroup, shard: the first parts of every name. */
  readonly parts: readonly [c: string, db: string, tg: string, s: string];
  /** `postgres` unless the user chose another. */
  readonly superuser: string;
  readonly config: PostgresConfig;
  readonly ctx: BuildContext;
}

export const shardSpec = (shard: Shard): ShardSpec => {
  if (shard.spec === undefined) throw new Error(`Shard ${shard.metadata.name} has no spec`);
  return shard.spec;
};

export const scopeOf = (shard: Shard, config: PostgresConfig, ctx: BuildContext): ShardScope => {
  const spec = shardSpec(shard);
  const id = identityOf(shard);
  return {
    name: shard.metadata.name,
    spec,
    id,
    pull: pullOf(spec.images),
    parts: [id.cluster, spec.databaseName, spec.tableGroupName, spec.shardName],
    superuser: spec.postgresSuperuser ?? 'postgres',
    config,
    ctx,
  };
};

/** Labels of a child of the Shard. */
export const shardLabels = (
  scope: ShardScope,
  component: string,
  extra: Record<string, string> = {},
): Record<string, string> =>
  childLabels(scope.id, component, { ...extra, ...shardIdentity(scope) });

/** One pool in one cell. */
export interface PoolCell {
  readonly pool: string;
  readonly spec: Pool;
  readonly cell: string;
  readonly replicas: number;
}

/** Every pool in each of its cells, in the order of names. */
export const poolCells = (spec: ShardSpec): PoolCell[] =>
  Object.entries(spec.pools)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([pool, own]) =>
      [...(own.cells ?? [])]
        .toSorted()
        .map((cell) => ({ pool, spec: own, cell, replicas: own.replicasPerCell ?? 1 })),
    );

/** Cells in which an orchestrator runs: those it names, else those with a pool. */
export const orchCells = (spec: ShardSpec): string[] => {
  const cells = nonEmpty(spec.multiorch.cells) ?? poolCells(spec).map(({ cell }) => cell);
  return [...new Set(cells)].toSorted();
};

/** Node labels of a cell. */
export const placeOf = (scope: ShardScope, cell: string): Record<string, string> =>
  scope.spec.cellTopologyLabels?.[cell] ?? {};
