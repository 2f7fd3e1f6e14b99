import { sha256 } from '../../../schemas/canonical.ts';
import { needsRestart, OWNED_SETTINGS } from '../../../schemas/postgres-settings.ts';
import { HARMLESS, parseSettings } from '../../../schemas/postgres-conf.ts';
import type { Pool } from '../../../schemas/types.ts';
import { floorNote, keptLines, readFloorNote, settingsToKeep, SIZED } from './postgres-floor.ts';
import type { KeptSetting } from './postgres-floor.ts';
import { baseline, sizeOf } from './postgres-sizing.ts';

/**
 * postgresql.conf of a shard. Layers, the last one wins: our baseline sized by the pools, the body
 * of the user's ConfigMap, the inline map, the reload marker. Port, addresses, directories, hba and
 * ident files are pgctld's.
 */

export interface ConfigInput {
  readonly cluster: string;
  readonly database: string;
  readonly tableGroup: string;
  readonly shard: string;
  readonly pools: Readonly<Record<string, Pool>>;
  /** Text under the key of `postgresConfigRef`. */
  readonly body?: string;
  /** `postgresConfig`: names and plain values, unquoted. */
  readonly inline?: Readonly<Record<string, string>>;
  /** The file that a shard which has started runs with: some of its settings can only go up. */
  readonly running?: string;
  /** The same of data that is there already, as noted on its claims. */
  readonly floorNotes?: readonly string[];
}

export interface PostgresConfig {
  /** The file, marker included. */
  readonly text: string;
  /** What must hold in Postgres after a reload: lower-case names, plain values, marker included. */
  readonly expected: Record<string, string>;
  /** Over the settings that need a restart; part of the pod's spec hash. */
  readonly restartHash: string;
  /** Over those that a reload applies. */
  readonly reloadHash: string;
  /** Connections that the file allows. */
  readonly maxConnections: number;
  /** Of the settings that can only go up, for the claims of the data. */
  readonly floorNote: string;
  /** What the user wants lower and does not get. */
  readonly kept: readonly KeptSetting[];
}

export type ConfigResult = { ok: true; value: PostgresConfig } | { ok: false; error: string };

/** Makes the removal of a setting visible: its value changes with every change of the file. */
export const MARKER = 'multigres.config_reload_marker';

/** In a quoted value the parser of postgresql.conf reads '' as ' and \\ as \. */
const quoted = (value: string): string =>
  `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

const hashLines = (settings: [string, string][]): string =>
  sha256(
    settings
      .map(([name, value]) => `${name}=${value}\n`)
      .toSorted()
      .join(''),
  );

/**
 * Settings that would break the pod. Admission sees the inline map only, and may be off, so both
 * are looked at here.
 */
const ownedProblem = (
  field: string,
  settings: ReadonlyMap<string, string>,
  fix: string,
): string | undefined => {
  const owned = OWNED_SETTINGS.filter((name) => {
    const value = settings.get(name);
    return value !== undefined && value !== HARMLESS[name];
  });
  if (owned.length === 0) return undefined;
  return `${field} sets ${owned.join(', ')}, which the operator owns; ${fix}`;
};

const inlineProblem = (inline: Readonly<Record<string, string>>): string | undefined => {
  const broken = Object.keys(inline).find((name) => /[\r\n]/.test(`${name}${inline[name]}`));
  if (broken === undefined) return undefined;
  return `postgresConfig.${JSON.stringify(broken)} holds a line break; a setting is one line`;
};

const inlineLines = (inline: Readonly<Record<string, string>>): string[] =>
  Object.keys(inline)
    .toSorted()
    .map((name) => `${name.trim()} = ${quoted(inline[name] ?? '')}`);

const DEFAULT_CONNECTIONS = 60;

/** Renders the file, or says in one sentence what is wrong with the user's part. */
export const renderPostgresConfig = (input: ConfigInput): ConfigResult => {
  const { body = '', inline = {} } = input;
  const sizes = sizeOf(input.pools);
  if (typeof sizes === 'string') return { ok: false, error: sizes };
  const [ofBody, ofInline] = [parseSettings(body), parseSettings(inlineLines(inline).join('\n'))];
  const problem =
    ownedProblem('postgresConfigRef', ofBody, 'remove them from the ConfigMap') ??
    ownedProblem('postgresConfig', ofInline, 'remove them') ??
    inlineProblem(inline);
  if (problem !== undefined) return { ok: false, error: problem };

  const { cluster, database, tableGroup, shard } = input;
  const base = [
    `cluster_name = ${quoted([cluster, database, tableGroup, shard].join('/'))}`,
    ...Object.entries(baseline(sizes)).map(([name, value]) => `${name} = ${value}`),
  ];
  const lines = [...base, ...(body === '' ? [] : [body.trimEnd()]), ...inlineLines(inline)];
  const before = [
    ...(input.running === undefined ? [] : [parseSettings(input.running)]),
    ...(input.floorNotes ?? []).map(readFloorNote),
  ];
  const floor = settingsToKeep(parseSettings(lines.join('\n')), before);
  const text = [...lines, ...keptLines(floor), ''].join('\n');
  const settings = parseSettings(text);
  const entries = [...settings];
  const restartHash = hashLines(entries.filter(([name]) => needsRestart(name)));
  const reloadHash = hashLines(entries.filter(([name]) => !needsRestart(name)));
  return {
    ok: true,
    value: {
      text: `${text}${MARKER} = ${quoted(reloadHash)}\n`,
      expected: { ...Object.fromEntries(settings), [MARKER]: reloadHash },
      restartHash,
      reloadHash,
      maxConnections: Number(settings.get('max_connections')) || DEFAULT_CONNECTIONS,
      floorNote: floorNote(settings),
      kept: floor.filter(({ name }) => name !== SIZED || ofBody.has(name) || ofInline.has(name)),
    },
  };
};
