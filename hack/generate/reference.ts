import { type Field, type Kind, type Schema, type StructSchema } from '../../schemas/kinds/dsl.ts';
import { API_GROUP, API_KINDS, API_VERSION } from '../../schemas/kinds/index.ts';
import type { Output } from './output.ts';

const INTRODUCTION = `# Field reference of \`${API_GROUP}/${API_VERSION}\`

Made by hack/generate.ts from schemas/kinds. Do not edit.

\`kubectl explain multigrescluster.spec\` shows the same text. All kinds are namespaced. A field is
optional unless its name is followed by **required**. The API server fills in what stands under
*default*; other defaults depend on templates and are applied by the operator, which says so in the
description. Rules are checked by the API server itself, with or without our webhook.
`;

type Structs = Map<string, StructSchema>;

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const code = (text: string): string => `\`${text}\``;
const anchor = (name: string): string => name.toLowerCase();

/** The type as people read it; named structs link to their section. */
function typeText(schema: Schema): string {
  switch (schema.type) {
    case 'string':
      return schema.name ?? (schema.format === 'date-time' ? 'time' : 'string');
    case 'integer':
      return 'integer';
    case 'boolean':
      return 'boolean';
    case 'list':
      return `list of ${typeText(schema.items)}`;
    case 'map':
      return `map of ${typeText(schema.values)}`;
    case 'embedded':
      return `Kubernetes ${schema.name}`;
    case 'struct':
      return schema.name ? `[${schema.name}](#${anchor(schema.name)})` : 'object';
  }
}

const range = (low: number | undefined, high: number | undefined, unit: string): string[] => {
  const most = high ?? low;
  const of = unit === '' ? '' : ` ${unit}${most === 1 ? '' : 's'}`;
  if (low !== undefined && high !== undefined) return [`${low} to ${high}${of}`];
  if (high !== undefined) return [`at most ${high}${of}`];
  if (low !== undefined) return [`at least ${low}${of}`];
  return [];
};

/** Limits of a value, those of list elements and map entries included. */
function limits(schema: Schema): string[] {
  switch (schema.type) {
    case 'string':
      return [
        ...(schema.enum ? [`one of ${schema.enum.map(code).join(', ')}`] : []),
        ...range(schema.minLength, schema.maxLength, 'character'),
        ...(schema.patternText ? [schema.patternText] : []),
      ];
    case 'integer':
      return range(schema.minimum, schema.maximum, '');
    case 'list':
      return [
        ...range(schema.minItems, schema.maxItems, 'element'),
        ...(schema.listType === 'set' ? ['no element twice'] : []),
        ...(schema.key ? [`${code(schema.key)} differs`] : []),
        ...limits(schema.items).map((text) => `each ${text}`),
      ];
    case 'map':
      return [
        ...range(undefined, schema.maxProperties, 'key'),
        ...limits(schema.values).map((text) => `each ${text}`),
      ];
    case 'boolean':
    case 'embedded':
    case 'struct':
      return [];
  }
}

/** What lies in lists and maps, if it is a struct. */
const innermost = (schema: Schema): Schema => {
  if (schema.type === 'list') return innermost(schema.items);
  if (schema.type === 'map') return innermost(schema.values);
  return schema;
};

const suffix = (schema: Schema): string => {
  if (schema.type === 'list') return `[]${suffix(schema.items)}`;
  if (schema.type === 'map') return `.<key>${suffix(schema.values)}`;
  return '';
};

function row(path: string, field: Field): string {
  const name = code(path) + (field.required ? ' **required**' : '');
  const value = field.default === undefined ? '' : code(JSON.stringify(field.default));
  const columns = [name, typeText(field.schema), limits(field.schema).join('; '), value, field.doc];
  return `| ${columns.map(cell).join(' | ')} |`;
}

/** Rows of a struct; structs without a name are shown in place, others get a section. */
function rows(schema: StructSchema, prefix: string): string[] {
  return Object.entries(schema.fields).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const inner = innermost(field.schema);
    const below =
      inner.type === 'struct' && inner.name === undefined
        ? rows(inner, `${path}${suffix(field.schema)}.`)
        : [];
    return [row(path, field), ...below];
  });
}

/** Rules of a value and of what is shown in place below it. */
function rules(schema: Schema, path: string): string[] {
  const own = (schema.rules ?? []).map(
    ({ message, transition }) =>
      `- ${path === '' ? '' : `${code(path)}: `}${message}${transition ? ' (on change)' : ''}`,
  );
  if (schema.type === 'list') return [...own, ...inPlace(schema.items, `${path}[]`)];
  if (schema.type === 'map') return [...own, ...inPlace(schema.values, `${path}.<key>`)];
  if (schema.type !== 'struct') return own;
  const below = Object.entries(schema.fields).flatMap(([name, field]) =>
    inPlace(field.schema, path === '' ? name : `${path}.${name}`),
  );
  return [...own, ...below];
}

const inPlace = (schema: Schema, path: string): string[] =>
  schema.type === 'struct' && schema.name !== undefined ? [] : rules(schema, path);

function section(title: string, schema: StructSchema, depth: string): string {
  const listed = rules(schema, '');
  return [
    `${depth} ${title}`,
    schema.doc,
    `| Field | Type | Limits | Default | Meaning |\n| --- | --- | --- | --- | --- |\n${rows(schema, '').join('\n')}`,
    ...(listed.length > 0 ? [`Rules:\n\n${listed.join('\n')}`] : []),
  ].join('\n\n');
}

function collect(schema: Schema, structs: Structs): void {
  const inner = innermost(schema);
  if (inner.type !== 'struct' || (inner.name !== undefined && structs.has(inner.name))) return;
  if (inner.name !== undefined) structs.set(inner.name, inner);
  for (const field of Object.values(inner.fields)) collect(field.schema, structs);
}

function kindSection(kind: Kind): string {
  const author =
    kind.writtenBy === 'user' ? 'Written by users.' : 'Written by the operator only; do not edit.';
  const name = (kind.rules ?? []).map(({ message }) => `- \`metadata.name\`: ${message}`);
  return [
    `## ${kind.kind}`,
    `${kind.doc} ${author} Short name: ${code(kind.shortName)}.`,
    ...(name.length > 0 ? [`Rules:\n\n${name.join('\n')}`] : []),
    section(`${kind.kind} spec`, kind.spec, '###'),
    ...(kind.status ? [section(`${kind.kind} status`, kind.status, '###')] : []),
  ].join('\n\n');
}

export function reference(): Output {
  const structs: Structs = new Map();
  for (const { spec, status } of API_KINDS)
    for (const part of [spec, status]) if (part) collect(part, structs);
  const shown = new Set(API_KINDS.flatMap(({ spec, status }) => [spec, status]));
  const shared = [...structs.values()]
    .filter((schema) => !shown.has(schema) || schema.name === 'TopoServerSpec')
    .toSorted((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1));
  const contents = API_KINDS.map(({ kind }) => `- [${kind}](#${anchor(kind)})`).join('\n');
  const content = [
    INTRODUCTION,
    `${contents}\n- [Shared structures](#shared-structures)`,
    ...API_KINDS.map(kindSection),
    '## Shared structures',
    ...shared.map((schema) => section(schema.name ?? '', schema, '###')),
  ].join('\n\n');
  return { path: 'docs/reference.md', content: `${content.replaceAll(/\n{3,}/g, '\n\n')}\n` };
}
