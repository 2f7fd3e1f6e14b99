import type { KubeObject } from '../../../schemas/k8s.ts';
import type { MultigresCluster, ShardTemplate } from '../../../schemas/types.ts';
import { pointer, type Segment } from '../locate.ts';
import type { Finding, Policy, PolicyKind } from '../policy.ts';
import { settingFinding } from '../settings.ts';
import { findNewIn } from '../stored.ts';

export const postgresConfig: Policy = {
  id: 'postgres-config',
  code: 'MG028',
  kinds: ['MultigresCluster', 'ShardTemplate'],
  operations: ['CREATE', 'UPDATE'],
  mode: 'deny',
  summary:
    'postgresConfig holds settings of PostgreSQL 17 that are free to choose, with values of their type.',
  description: `A wrong name or value would keep Postgres from starting, pod after pod. Names with a dot
belong to extensions: their values are not checked, only that the entry is one line with one name. Not free are the settings of the operator and of pgctld
(port, data_directory, wal_level, ...), those of replication and archiving, which multiorch and
pgBackRest set (synchronous_standby_names, archive_command, ...), those that PostgreSQL only reports
(block_size, ...), and values that give up writes which were confirmed (fsync: off, ...). What is
stored already may stay while other things are edited, with a warning. A warning only is a value that a
setting with a list of values does not have.`,
  good: `postgresConfig:
  work_mem: 64MB
  cron.database_name: postgres`,
  bad: `postgresConfig:
  shared_buffer: 1GB # shared_buffers is meant
  fsync: "off"`,
  check: (ctx) => findNewIn(ctx, (object) => blocksOf(ctx.kind, object).flatMap(judgeBlock)),
};

interface Block {
  /** `postgres/default/0-inf`; of a template `postgresConfig`. */
  owner: string;
  path: Segment[];
  config: Record<string, string>;
}

function blocksOf(kind: PolicyKind, object: KubeObject): Block[] {
  const blocks: Block[] = [];
  const add = (
    owner: () => string,
    config: Record<string, string> | undefined,
    ...path: Segment[]
  ): void => {
    if (config) blocks.push({ owner: owner(), path: [...path, 'postgresConfig'], config });
  };
  if (kind === 'ShardTemplate') {
    add(() => 'postgresConfig', (object as ShardTemplate).spec?.postgresConfig, 'spec');
    return blocks;
  }
  (object as MultigresCluster).spec?.databases?.forEach((database, d) =>
    database.tablegroups?.forEach((tablegroup, t) =>
      tablegroup.shards?.forEach((shard, s) => {
        const path = ['spec', 'databases', d, 'tablegroups', t, 'shards', s];
        const owner = (): string => `${database.name}/${tablegroup.name}/${shard.name}`;
        add(owner, shard.spec?.postgresConfig, ...path, 'spec');
        add(owner, shard.overrides?.postgresConfig, ...path, 'overrides');
      }),
    ),
  );
  return blocks;
}

function judgeBlock({ owner, path, config }: Block): Finding[] {
  const findings: Finding[] = [];
  for (const written of Object.keys(config)) {
    const problem = settingFinding(written, config[written] ?? '');
    if (!problem) continue;
    const brief = `${owner}: ${problem.brief}`;
    findings.push({ path: pointer(...path, written), ...problem, brief });
  }
  return findings;
}
