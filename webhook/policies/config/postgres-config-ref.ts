import { HARMLESS, parseSettings, strayLines } from '../../../schemas/postgres-conf.ts';
import type { PgConfRef } from '../../../schemas/types.ts';
import { shardViews } from '../locate.ts';
import { CLUSTER_WRITES, type Finding, type Findings, type Policy } from '../policy.ts';
import type { World } from '../world.ts';
import { settingFinding } from '../settings.ts';
import { nearest } from '../../../schemas/spelling.ts';
import { oneOf } from '../words.ts';
import { findNew } from '../stored.ts';
import { own } from '../../../schemas/own.ts';

export const postgresConfigRef: Policy = {
  id: 'postgres-config-ref',
  code: 'MG062',
  ...CLUSTER_WRITES,
  mode: 'deny',
  summary:
    'The ConfigMap behind postgresConfigRef exists and holds settings that are free to choose.',
  description: `The text under the key is put into postgresql.conf. Each of its lines is judged like an
entry of \`postgresConfig\` (see postgres-config), with every spelling of a value that Postgres takes; a
line that is no setting at all would keep Postgres from starting. Lines that include other files are
refused, since nobody here can see those. Lines that repeat what pgctld sets anyway (port, listen_addresses, wal_level) may stay. A
ConfigMap or key that is missing is a warning, since it may be made later. The ConfigMap is looked at when
the cluster is written; when it changes later, the controller reports on the Shard what it cannot use.`,
  good: `# ConfigMap tuning, key postgresql.conf
work_mem = 64MB
shared_buffers = '1GB'`,
  bad: `# ConfigMap tuning, key postgresql.conf
work_men = 64MB
synchronous_standby_names = ''`,
  check: (ctx) =>
    findNew(ctx, (cluster, resolved) =>
      shardViews(cluster, resolved).flatMap((view) => {
        const ref = view.shard.postgresConfigRef;
        if (!ref) return [];
        const path = view.at('postgresConfigRef');
        return judge(ctx.world, { namespace: ctx.namespace, shard: view.title, ref, path });
      }),
    ),
};

interface Subject {
  namespace: string;
  /** `postgres/default/0-inf` */
  shard: string;
  ref: PgConfRef;
  path: string;
}

function judge(world: World, { namespace, shard, ref, path }: Subject): Findings {
  const data = own(world.configMaps, ref.name);
  if (data === undefined) return [];
  const of = `ConfigMap ${ref.name}`;
  if (data === null) {
    return {
      path,
      message: `there is no ${of} in namespace ${namespace}; the shard waits for it`,
      allowed: `a ConfigMap with the key ${ref.key}`,
      brief: `${shard} waits: no ${of} with key ${ref.key}; create it`,
      fix: `kubectl create configmap ${ref.name} -n ${namespace} --from-file=${ref.key}=<file>`,
      mode: 'warn',
    };
  }
  const text = own(data, ref.key);
  if (text === undefined) {
    const near = nearest(ref.key, Object.keys(data));
    return {
      path,
      message: `${of} has no key ${ref.key}; the shard waits for it`,
      allowed: oneOf(Object.keys(data)),
      brief: `${shard} waits: ${of} has no key ${ref.key}; add it`,
      fix: near ? `write ${near}` : `add the key ${ref.key} to the ConfigMap`,
      mode: 'warn',
    };
  }
  return [strays(text, ref, path), settings(text, ref, path)].flat();
}

function strays(text: string, ref: PgConfRef, path: string): Finding | [] {
  const lines = strayLines(text);
  if (lines.length === 0) return [];
  return {
    path,
    message: `line ${lines.slice(0, 5).join(', ')} of key ${ref.key} of ConfigMap ${ref.name} is no setting, and Postgres would not start`,
    allowed: "lines such as work_mem = 64MB or work_mem = '64 MB', comments after #, empty lines",
    brief: `line ${lines[0] ?? 1} of ConfigMap ${ref.name} is no setting, Postgres would not start: correct it`,
    fix: 'correct the line in the ConfigMap',
  };
}

function settings(text: string, ref: PgConfRef, path: string): Finding[] {
  return [...parseSettings(text)].flatMap(([name, value]) => {
    const problem = settingFinding(name, value, { harmless: HARMLESS });
    if (!problem) return [];
    return {
      path,
      message: `in key ${ref.key} of ConfigMap ${ref.name}: ${problem.message}`,
      allowed: problem.allowed,
      fix: `${problem.fix} in the ConfigMap`,
      brief: `ConfigMap ${ref.name}: ${problem.brief}`,
    };
  });
}
