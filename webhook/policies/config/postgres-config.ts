import {
  OWNED_SETTINGS,
  POSTGRES_SETTINGS,
  type PostgresSetting,
} from '../../../schemas/postgres-settings.ts';
import type { ShardTemplate } from '../../../schemas/types.ts';
import { clusterOf, pointer, type Segment } from '../locate.ts';
import type { Finding, Policy, PolicyContext } from '../policy.ts';
import { nearest } from '../spelling.ts';

const BOOLEANS = ['on', 'off', 'true', 'false', 'yes', 'no', '1', '0'];
const OFF = ['off', 'false', 'no', '0'];

/** Set by pgctld, multiorch or pgBackRest; another value breaks replication or backups. */
const RUNTIME_SETTINGS = [
  'synchronous_standby_names',
  'primary_conninfo',
  'restore_command',
  'archive_mode',
  'archive_command',
  'hot_standby',
];

/** Values that give up what was confirmed as written. */
const DURABILITY: Record<string, readonly string[]> = {
  fsync: OFF,
  full_page_writes: OFF,
  wal_log_hints: OFF,
  synchronous_commit: [...OFF, 'local'],
};

export const postgresConfig: Policy = {
  id: 'postgres-config',
  code: 'MG028',
  kinds: ['MultigresCluster', 'ShardTemplate'],
  operations: ['CREATE', 'UPDATE'],
  mode: 'deny',
  summary:
    'postgresConfig holds settings of PostgreSQL 17 that are free to choose, with values of their type.',
  description: `A wrong name or value would keep Postgres from starting, pod after pod. Names with a dot
belong to extensions and are not checked. Not free are the settings of the operator and of pgctld
(port, data_directory, wal_level, ...), those of replication and archiving, which multiorch and
pgBackRest set (synchronous_standby_names, archive_command, ...), those that PostgreSQL only reports
(block_size, ...), and values that give up writes which were confirmed (fsync: off, ...).`,
  good: `postgresConfig:
  work_mem: 64MB
  cron.database_name: postgres`,
  bad: `postgresConfig:
  shared_buffer: 1GB # shared_buffers is meant
  fsync: "off"`,
  check: (ctx) => blocksOf(ctx).flatMap(({ path, config }) => judgeBlock(path, config)),
};

interface Block {
  path: Segment[];
  config: Record<string, string>;
}

function blocksOf(ctx: PolicyContext): Block[] {
  const blocks: Block[] = [];
  const add = (config: Record<string, string> | undefined, ...path: Segment[]): void => {
    if (config) blocks.push({ path: [...path, 'postgresConfig'], config });
  };
  if (ctx.kind === 'ShardTemplate') {
    add((ctx.object as ShardTemplate).spec?.postgresConfig, 'spec');
    return blocks;
  }
  clusterOf(ctx).spec?.databases?.forEach((database, d) =>
    database.tablegroups?.forEach((tablegroup, t) =>
      tablegroup.shards?.forEach((shard, s) => {
        const path = ['spec', 'databases', d, 'tablegroups', t, 'shards', s];
        add(shard.spec?.postgresConfig, ...path, 'spec');
        add(shard.overrides?.postgresConfig, ...path, 'overrides');
      }),
    ),
  );
  return blocks;
}

function judgeBlock(path: Segment[], config: Record<string, string>): Finding[] {
  return Object.keys(config)
    .toSorted()
    .flatMap((written) => {
      const problem = judge(written, config[written] ?? '');
      return problem ? [{ path: pointer(...path, written), ...problem }] : [];
    });
}

function judge(written: string, raw: string): Omit<Finding, 'path'> | undefined {
  const name = written.trim().toLowerCase();
  if (name.includes('.')) return undefined;
  const value = raw.trim().toLowerCase();
  const owner = ownerOf(name);
  if (owner) {
    return {
      message: `${name} is set by ${owner}`,
      allowed: 'settings that nobody else sets',
      fix: `remove ${written}`,
    };
  }
  const setting = POSTGRES_SETTINGS.get(name);
  if (!setting) {
    const near = nearest(name, [...POSTGRES_SETTINGS.keys()]);
    return {
      message: `PostgreSQL 17 has no setting ${name}`,
      allowed: 'names from pg_settings, or names of extensions with a dot',
      fix: near ? `write ${near}` : `remove ${written}`,
    };
  }
  if (setting.context === 'internal') {
    return {
      message: `${name} is reported by PostgreSQL and cannot be set`,
      allowed: 'settings that can be set',
      fix: `remove ${written}`,
    };
  }
  if (DURABILITY[name]?.includes(value)) {
    return {
      value: raw,
      message: `${name} = ${raw} can lose writes that were confirmed`,
      allowed: `values of ${name} that keep them, such as on`,
      fix: `remove ${written}`,
    };
  }
  return judgeType(setting, raw, value);
}

function ownerOf(name: string): string | undefined {
  if (OWNED_SETTINGS.includes(name)) return 'the operator';
  if (RUNTIME_SETTINGS.includes(name) || name.startsWith('recovery_target')) {
    return 'the runtime (multiorch, pgctld, pgBackRest)';
  }
  return undefined;
}

function judgeType(
  { name, type }: PostgresSetting,
  raw: string,
  value: string,
): Omit<Finding, 'path'> | undefined {
  const wrong = (allowed: string, example: string): Omit<Finding, 'path'> => ({
    value: raw,
    message: `${name} takes ${type === 'bool' ? 'a boolean' : type === 'real' ? 'a number' : 'an integer'}`,
    allowed,
    fix: `write for example ${example}`,
  });
  switch (type) {
    case 'bool':
      return BOOLEANS.includes(value) ? undefined : wrong(BOOLEANS.join(', '), '"on"');
    case 'integer':
      return /^[+-]?\d+\s*[a-z]*$/.test(value)
        ? undefined
        : wrong('a whole number, with a unit where the setting has one', '"100" or "64MB"');
    case 'real':
      return value !== '' && Number.isFinite(Number(value))
        ? undefined
        : wrong('a number such as 1.1', '"1.1"');
    case 'string':
    case 'enum':
      return undefined;
  }
}
