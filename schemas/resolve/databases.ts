import type { Problem } from '../problem.ts';
import type {
  Backup,
  DatabaseConfig,
  MultigresClusterSpec,
  PvcPolicy,
  TableGroupConfig,
} from '../types.ts';
import { resolveBackup } from './backup.ts';
import { BUILTIN } from './builtin.ts';
import { inheritPvcPolicy } from './pvc-policy.ts';
import { runningPools, shardKey } from './running.ts';
import { resolveShardBody } from './shard.ts';
import { chooseTemplate } from './templates.ts';
import type {
  ResolvedDatabase,
  ResolvedShard,
  ResolvedTableGroup,
  RunningShards,
  Templates,
} from './types.ts';

/** What a level hands to the level below it. */
interface Inherited {
  spec: MultigresClusterSpec;
  /** Names of the cluster's cells, sorted. */
  cells: readonly string[];
  templates: Templates['shard'];
  running: RunningShards | undefined;
  durabilityPolicy: string;
  pvcDeletionPolicy: Required<PvcPolicy>;
}

/** Results besides the value: filled while walking down. */
export interface Findings {
  problems: Problem[];
  notes: Problem[];
  /** Names of the templates that were merged. */
  used: Set<string>;
}

const orDefault = <T>(list: readonly T[] | undefined, item: T): readonly T[] =>
  list && list.length > 0 ? list : [item];

interface Place {
  database: string;
  tablegroup: string;
  path: string;
  backup: Backup;
  pvcDeletionPolicy: Required<PvcPolicy>;
}

const resolveShards = (
  tablegroup: TableGroupConfig,
  place: Place,
  inherited: Inherited,
  findings: Findings,
): ResolvedShard[] =>
  orDefault(tablegroup.shards, { name: BUILTIN.shard }).map((config, i) => {
    const path = `${place.path}.shards[${i}]`;
    const choice = chooseTemplate('ShardTemplate', inherited.templates, [
      { path: `${path}.shardTemplate`, name: config.shardTemplate },
      {
        path: 'spec.templateDefaults.shardTemplate',
        name: inherited.spec.templateDefaults?.shardTemplate,
      },
    ]);
    if (choice.problem) findings.problems.push(choice.problem);
    if (choice.name) findings.used.add(choice.name);
    const key = shardKey(place.database, place.tablegroup, config.name);
    const { body, notes } = resolveShardBody(config, choice.template?.spec, {
      cells: inherited.cells,
      running: runningPools(inherited.running, key),
      path,
    });
    findings.notes.push(...notes);
    return {
      name: config.name,
      ...body,
      pvcDeletionPolicy: inheritPvcPolicy(body.pvcDeletionPolicy, place.pvcDeletionPolicy),
      backup: resolveBackup(place.backup, config.backup),
      ...(choice.name !== undefined && { template: choice.name }),
    };
  });

const resolveDatabase = (
  database: DatabaseConfig,
  path: string,
  inherited: Inherited,
  findings: Findings,
): ResolvedDatabase => {
  const backup = resolveBackup(inherited.spec.backup, database.backup);
  const groups = orDefault(database.tablegroups, { name: BUILTIN.tablegroup, default: true });
  const tablegroups = groups.map((config, i): ResolvedTableGroup => {
    const ofGroup = resolveBackup(backup, config.backup);
    const pvcDeletionPolicy = inheritPvcPolicy(
      config.pvcDeletionPolicy,
      inherited.pvcDeletionPolicy,
    );
    const place = {
      database: database.name,
      tablegroup: config.name,
      path: `${path}.tablegroups[${i}]`,
      backup: ofGroup,
      pvcDeletionPolicy,
    };
    return {
      name: config.name,
      default: config.default ?? false,
      pvcDeletionPolicy,
      backup: ofGroup,
      shards: resolveShards(config, place, inherited, findings),
    };
  });
  return {
    name: database.name,
    durabilityPolicy: database.durabilityPolicy || inherited.durabilityPolicy,
    backup,
    tablegroups,
  };
};

/** Databases, tablegroups and shards; the fixed ones (postgres, default, 0-inf) where none is written. */
export const resolveDatabases = (inherited: Inherited, findings: Findings): ResolvedDatabase[] =>
  orDefault(inherited.spec.databases, { name: BUILTIN.database, default: true }).map(
    (database, i) => resolveDatabase(database, `spec.databases[${i}]`, inherited, findings),
  );
