import { format } from 'prettier';
import {
  type EmbeddedSchema,
  type Field,
  type Kind,
  type Schema,
  type StringSchema,
  type StructSchema,
} from '../../schemas/kinds/dsl.ts';
import { API_KINDS } from '../../schemas/kinds/index.ts';
import type { Output } from './output.ts';

const HEADER =
  '// Made by hack/generate.ts from schemas/kinds. Do not edit.\n/* oxlint-disable max-lines */\n';

interface Named {
  enums: Map<string, StringSchema>;
  structs: Map<string, StructSchema>;
  embedded: Set<EmbeddedSchema['name']>;
}

const property = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? name : `'${name}'`);

const union = (values: readonly string[]): string => values.map((v) => `'${v}'`).join(' | ');

function typeOf(schema: Schema): string {
  switch (schema.type) {
    case 'string':
      if (schema.enum) return schema.name ?? union(schema.enum);
      return 'string';
    case 'integer':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'list':
      return `(${typeOf(schema.items)})[]`;
    case 'map':
      return `Record<string, ${typeOf(schema.values)}>`;
    case 'embedded':
      return schema.name;
    case 'struct':
      return schema.name ?? literalOf(schema);
  }
}

const member = ([name, field]: [string, Field]): string =>
  `${property(name)}${field.required ? '' : '?'}: ${typeOf(field.schema)};`;

/** A struct without a name, written out in place. */
function literalOf(schema: StructSchema): string {
  const own = Object.entries(schema.fields).map(member).join(' ');
  const parts = schema.bases.map(typeOf);
  return [...parts, ...(own === '' ? [] : [`{ ${own} }`])].join(' & ');
}

function interfaceOf(schema: StructSchema): string {
  const members = Object.entries(schema.fields).map(
    ([name, field]) => `/** ${field.doc} */\n${member([name, field])}`,
  );
  const bases = schema.bases.map(typeOf);
  const heritage = bases.length > 0 ? ` extends ${bases.join(', ')}` : '';
  return `/** ${schema.doc} */\nexport interface ${schema.name}${heritage} {\n${members.join('\n')}\n}\n`;
}

/** Collects what has a name, in the order in which it is needed: parts before wholes. */
function collect(schema: Schema, named: Named): void {
  switch (schema.type) {
    case 'string':
      if (schema.enum && schema.name) named.enums.set(schema.name, schema);
      break;
    case 'list':
      collect(schema.items, named);
      break;
    case 'map':
      collect(schema.values, named);
      break;
    case 'embedded':
      named.embedded.add(schema.name);
      break;
    case 'struct':
      if (schema.name && named.structs.has(schema.name)) break;
      for (const base of schema.bases) collect(base, named);
      for (const field of Object.values(schema.fields)) collect(field.schema, named);
      if (schema.name) named.structs.set(schema.name, schema);
      break;
    case 'integer':
    case 'boolean':
      break;
  }
}

const kindOf = (kind: Kind): string => {
  const parameters = [kind.spec, ...(kind.status ? [kind.status] : [])].map(typeOf).join(', ');
  return `/** ${kind.doc} */\nexport type ${kind.kind} = KubeObject<${parameters}>;\n`;
};

export async function types(): Promise<Output> {
  const named: Named = { enums: new Map(), structs: new Map(), embedded: new Set() };
  for (const kind of API_KINDS)
    for (const part of [kind.spec, kind.status]) if (part) collect(part, named);
  const imports = [...named.embedded, 'KubeObject'].toSorted().join(', ');
  const source = [
    `${HEADER}import type { ${imports} } from './k8s.ts';\n`,
    [...named.enums]
      .map(([name, { enum: values = [] }]) => `export type ${name} = ${union(values)};`)
      .join('\n'),
    ...[...named.structs.values()].map(interfaceOf),
    ...API_KINDS.map(kindOf),
  ].join('\n');
  const content = await format(source, {
    parser: 'typescript',
    printWidth: 100,
    singleQuote: true,
    trailingComma: 'all',
  });
  return { path: 'schemas/types.ts', content };
}
