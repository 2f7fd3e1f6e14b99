import { parseArgs } from 'node:util';
import { durationMs } from '../schemas/duration.ts';
import { listOf } from '../schemas/text.ts';

/** What becomes of the text of an option. */
interface Values {
  string: string;
  boolean: boolean;
  integer: number;
  /** In milliseconds. */
  duration: number;
  list: string[];
  address: { host: string; port: number };
}

/** One setting of a program of ours, for the command line, the environment and docs/options.md. */
interface OptionDef {
  /** Command line name without the dashes. */
  flag: string;
  /** Its variable, where that is not the flag in capitals. */
  env?: string;
  /** `address` is `host:port`, either of which may be empty or 0; the words of a list are all there are. */
  type: keyof Values | readonly string[];
  default: string;
  summary: string;
  /** Lowest value of integers; of durations in milliseconds. */
  min?: number;
  /** Highest value of integers. */
  max?: number;
  /** What a string looks like, and how that is told. */
  form?: readonly [RegExp, string];
}

/** The environment variable of an option. */
export const variableOf = ({ flag, env }: Pick<OptionDef, 'flag' | 'env'>): string =>
  env ?? flag.replaceAll('-', '_').toUpperCase();

export type OptionTable = Readonly<Record<string, OptionDef>>;

type ValueOf<T> = T extends keyof Values
  ? Values[T]
  : T extends readonly (infer Word)[]
    ? Word
    : never;

export type OptionValues<T extends OptionTable> = { [K in keyof T]: ValueOf<T[K]['type']> };

export type OptionsResult<T> = { ok: true; value: T } | { ok: false; problems: string[] };

/**
 * Reads the command line and the environment; a flag wins over its variable, which wins over the default.
 * All problems are told, each with its source and what is allowed.
 * @param argv arguments without the program: `--flag=value`, `--flag value`, or `--flag` for true
 */
export function readOptions<T extends OptionTable>(
  table: T,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): OptionsResult<OptionValues<T>> {
  const problems: string[] = [];
  const flags = readFlags(table, argv, problems);
  const values: Record<string, unknown> = {};
  for (const [name, def] of Object.entries(table)) {
    const flag = flags.get(def.flag);
    const variable = env[variableOf(def)] || undefined;
    const source = flag === undefined && variable !== undefined ? variableOf(def) : `--${def.flag}`;
    const text = flag ?? variable ?? def.default;
    const { value, wanted } = parseValue(def, text);
    if (wanted === undefined) values[name] = value;
    else problems.push(`${source}: ${JSON.stringify(text)} is not ${wanted}`);
  }
  return problems.length > 0
    ? { ok: false, problems }
    : { ok: true, value: values as OptionValues<T> };
}

function readFlags(
  table: OptionTable,
  argv: readonly string[],
  problems: string[],
): Map<string, string> {
  const types = new Map(Object.values(table).map(({ flag, type }) => [flag, type]));
  const { tokens } = parseArgs({
    // as Go programs have it: one dash is as good as two
    args: argv.map((arg) => arg.replace(/^-(?=[a-z][a-z0-9-])/, '--')),
    options: Object.fromEntries(
      [...types].map(([flag, type]) => [
        flag,
        { type: type === 'boolean' ? ('boolean' as const) : ('string' as const) },
      ]),
    ),
    strict: false,
    tokens: true,
  });
  const found = new Map<string, string>();
  for (const token of tokens) {
    const type = token.kind === 'option' ? types.get(token.name) : undefined;
    if (token.kind !== 'option' || type === undefined) {
      const known = [...types.keys()].map((flag) => `--${flag}`).join(', ');
      problems.push(`unknown argument ${JSON.stringify(argv[token.index])}; known are ${known}`);
    } else if (token.value !== undefined) found.set(token.name, token.value);
    else if (type === 'boolean') found.set(token.name, 'true');
    else problems.push(`--${token.name}: a value is missing`);
  }
  return found;
}

/** A value, or what would be one. */
type Parsed = { value: unknown; wanted?: never } | { value?: never; wanted: string };

function parseValue({ type, form, min = 0, max }: OptionDef, text: string): Parsed {
  switch (type) {
    case 'string':
      return form && !form[0].test(text) ? { wanted: form[1] } : { value: text };
    case 'boolean':
      return text === 'true' || text === 'false'
        ? { value: text === 'true' }
        : { wanted: 'true or false' };
    case 'integer':
      return parseInteger(text, min, max);
    case 'duration': {
      const value = durationMs(text);
      return value !== undefined && value >= min
        ? { value }
        : { wanted: `a duration of at least ${min / 1000}s, such as 90s, 10m or 1h30m` };
    }
    case 'list':
      return { value: listOf(text) };
    case 'address': {
      const [, host, port] = /^(.*):(\d{1,5})$/.exec(text) ?? [];
      return host === undefined ? { wanted: 'host:port' } : { value: { host, port: Number(port) } };
    }
    default:
      return type.includes(text) ? { value: text } : { wanted: `one of ${type.join(', ')}` };
  }
}

function parseInteger(text: string, min: number, max: number | undefined): Parsed {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  if (value >= min && value <= (max ?? value)) return { value };
  const range = max === undefined ? `of ${min} or more` : `from ${min} to ${max}`;
  return { wanted: `a whole number ${range}` };
}
