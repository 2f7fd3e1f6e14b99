/** Text of schemas/generated/postgres-settings.ts. Pure: the caller asks a server. */

export interface SettingRow {
  name: string;
  type: string;
  context: string;
  /** What an enum may be, as `pg_settings` lists it. */
  values?: readonly string[] | null;
}

const CONTEXTS = [
  'internal',
  'postmaster',
  'sighup',
  'superuser',
  'user',
  'backend',
  'superuser-backend',
];
const TYPES = ['bool', 'integer', 'real', 'string', 'enum'];
const WIDTH = 92;
/** Of a whole line, as the formatter wants it. */
const MOST = 100;

/** Throws for a version, context or type that this program does not know. */
export function renderPostgresSettings(version: string, rows: readonly SettingRow[]): string {
  const [number = ''] = version.split(' ');
  const major = Number.parseInt(number, 10);
  if (!(major > 0))
    throw new Error(`the server says that its version is ${JSON.stringify(version)}`);
  const odd = rows.find(
    ({ type, context }) => !TYPES.includes(type) || !CONTEXTS.includes(context),
  );
  if (odd) throw new Error(`setting ${odd.name} is of type ${odd.type}, context ${odd.context}`);
  const blocks = CONTEXTS.map((context) => {
    const types = TYPES.flatMap((type) => {
      const names = rows
        .filter((row) => row.context === context && row.type === type)
        .map(({ name }) => name.toLowerCase())
        .toSorted();
      return names.length === 0 ? [] : [`    ${type}: \`\n${wrap(names)}\n    \`,`];
    });
    const key = context.includes('-') ? `'${context}'` : context;
    return `  ${key}: {\n${types.join('\n')}\n  },`;
  });
  return `// Made by hack/generate-postgres-settings.ts from a running server. Do not edit.

/** The major version that the catalogue is of, and that the images of the runtime hold. */
export const POSTGRES_MAJOR = ${major};

/** The server that was asked: PostgreSQL ${number}, ${rows.length} settings. */
export const POSTGRES_VERSION = '${number}';

/** Names of settings by context and type; in lower case, blank separated. */
export const SETTINGS = {
${blocks.join('\n')}
} as const;

/** What settings of type enum may be, with bars between; pg_settings leaves out other spellings. */
export const ENUM_VALUES: Readonly<Record<string, string>> = {
${rows.flatMap(enumLine).toSorted().join('\n')}
};
`;
}

function enumLine({ name, type, values }: SettingRow): string[] {
  if (type !== 'enum') return [];
  if (!values?.length) throw new Error(`setting ${name} is an enum without values`);
  const line = `  ${name.toLowerCase()}: '${values.join('|')}',`;
  return [line.length <= MOST ? line : line.replace(': ', ':\n    ')];
}

function wrap(names: readonly string[]): string {
  const lines: string[] = [];
  for (const name of names) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + name.length <= WIDTH) {
      lines[lines.length - 1] = `${last} ${name}`;
    } else lines.push(`      ${name}`);
  }
  return lines.join('\n');
}
