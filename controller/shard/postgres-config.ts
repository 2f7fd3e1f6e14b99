import { sha256 } from '../../schemas/canonical.ts';
import { needsRestart, OWNED_SETTINGS } from '../../schemas/postgres-settings.ts';
import { PORTS } from '../../schemas/ports.ts';
import type { Pool } from '../../schemas/types.ts';
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
}

export type ConfigResult = { ok: true; value: PostgresConfig } | { ok: false; error: string };

/** Makes the removal of a setting visible: its value changes with every change of the file. */
export const MARKER = 'multigres.config_reload_marker';

/** In a quoted value the parser of postgresql.conf reads '' as ' and \\ as \. */
const quoted = (value: string): string =>
  `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

/** What the parser of postgresql.conf makes of a backslash and what follows it. */
const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

const unescaped = (code: string): string =>
  /^[0-7]/.test(code) ? String.fromCodePoint(parseInt(code, 8) % 256) : (ESCAPES[code] ?? code);

const unquoted = (value: string): string =>
  value.startsWith("'")
    ? value
        .slice(1, value.endsWith("'") && value.length > 1 ? -1 : undefined)
        .replaceAll(/''|\\([0-7]{1,3}|.)/g, (_, code?: string) =>
          code === undefined ? "'" : unescaped(code),
        )
    : value;

/** Text up to a `#` that is not inside quotes. */
const withoutComment = (text: string): string => {
  let inside = false;
  for (let i = 0; i < text.length; i += 1) {
    if (text[i] === "'") inside = !inside;
    else if (text[i] === '\\' && inside) i += 1;
    else if (text[i] === '#' && !inside) return text.slice(0, i);
  }
  return text;
};

/** As the lexer of PostgreSQL reads them: letters, also beyond ASCII, digits and underscores. */
const LETTER = 'A-Za-z_\\u0080-\\uffff';
const NAME = `[${LETTER}][\\w$\\u0080-\\uffff]*`;
/** One token: quoted, a word, a whole number with or without its unit, a number with a fraction. */
const VALUE = [
  String.raw`'(?:[^'\\]|\\.|'')*'`,
  `[${LETTER}][\\w.:/\\u0080-\\uffff-]*`,
  String.raw`[+-]?(?:0x[\da-fA-F]+|\d+)[A-Za-z]*`,
  String.raw`[+-]?\d*\.\d*(?:[eE][+-]?\d+)?`,
].join('|');
const LINE = new RegExp(String.raw`^(${NAME}(?:\.${NAME})?)(?:\s*=\s*|\s+|(?=['+-]))(.*)$`);
const TOKEN = new RegExp(`^(?:${VALUE})$`);

/** Settings of a file: lower-case names, plain values; the last line of a name wins. */
export const parseSettings = (text: string): Map<string, string> => {
  const settings = new Map<string, string>();
  for (const raw of text.split('\n')) {
    const match = LINE.exec(withoutComment(raw).trim());
    if (match?.[1] !== undefined) {
      settings.set(match[1].toLowerCase(), unquoted((match[2] ?? '').trim()));
    }
  }
  return settings;
};

const hashLines = (settings: [string, string][]): string =>
  sha256(
    settings
      .map(([name, value]) => `${name}=${value}\n`)
      .toSorted()
      .join(''),
  );

/** Numbers, from 1, of the lines that hold no setting and that Postgres would refuse to start on. */
export const strayLines = (text: string): number[] =>
  text.split('\n').flatMap((raw, i) => {
    const line = withoutComment(raw).trim();
    return line === '' || TOKEN.test(LINE.exec(line)?.[2] ?? '') ? [] : [i + 1];
  });

/** Values that repeat what pgctld sets anyway; a copied postgresql.conf often holds them. */
export const HARMLESS: Readonly<Record<string, string>> = {
  port: `${PORTS.multipooler.postgres}`,
  listen_addresses: '*',
  wal_level: 'logical',
};

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
  const problem =
    ownedProblem('postgresConfigRef', parseSettings(body), 'remove them from the ConfigMap') ??
    ownedProblem('postgresConfig', parseSettings(inlineLines(inline).join('\n')), 'remove them') ??
    inlineProblem(inline);
  if (problem !== undefined) return { ok: false, error: problem };

  const { cluster, database, tableGroup, shard } = input;
  const base = [
    `cluster_name = ${quoted([cluster, database, tableGroup, shard].join('/'))}`,
    ...Object.entries(baseline(sizes)).map(([name, value]) => `${name} = ${value}`),
  ];
  const text = [...base, ...(body === '' ? [] : [body.trimEnd()]), ...inlineLines(inline), ''].join(
    '\n',
  );
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
    },
  };
};
