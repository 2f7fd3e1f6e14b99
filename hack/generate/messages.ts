import { format } from 'prettier';
import protobuf, { type Field, type Type } from 'protobufjs';
import { messageIn, messageType } from '../../controller/proto/load.ts';
import type { Output } from './output.ts';

/** Messages that the controller handles as a whole; those inside of them follow. */
const ROOTS = [
  ...['Cell', 'Database', 'Multipooler', 'Multigateway', 'Multiorch', 'ShardInitClaim'],
  ...['StatusResponse', 'BackupMetadata', 'ReloadConfigResponse', 'ShardStatusResponse'],
  ...['BuildInfo', 'HealthStreamRequest', 'HealthStreamResponse'],
];

const HEADER =
  '/**\n * Messages of the wire contract as decoded: names as in the proto text, absent means default.\n' +
  ' * Made by hack/generate.ts from controller/proto/multigres.proto.ts. Do not edit.\n */\n';

const NUMBERS = new Set(['int32', 'uint32', 'sint32', 'float', 'double']);

/** As `messageCodec` decodes it. */
function scalarOf(type: string): string {
  if (type === 'bool') return 'boolean';
  if (type === 'bytes') return 'Uint8Array';
  return NUMBERS.has(type) ? 'number' : 'string';
}

function typeOf(field: Field): string {
  const one = field.resolvedType?.name ?? scalarOf(field.type);
  if (field.map) return `Record<string, ${one}>`;
  return field.repeated ? `${one}[]` : one;
}

const docOf = (comment: string | null): string => (comment ? `/** ${comment} */\n` : '');

function interfaceOf({ name, comment, fieldsArray }: Type): string {
  const members = fieldsArray.map(
    (field) => `${docOf(field.comment)}${field.name}?: ${typeOf(field)};`,
  );
  return `${docOf(comment)}export interface ${name} {\n${members.join('\n')}\n}`;
}

/** Adds what a message needs and then itself: parts before wholes. */
function collect(type: Type, written: Map<string, string>): void {
  if (written.has(type.name)) return;
  for (const field of type.fieldsArray) {
    const inner = messageIn(field);
    if (inner) collect(inner, written);
    const { resolvedType } = field.resolve();
    if (!(resolvedType instanceof protobuf.Enum)) continue;
    const union = Object.keys(resolvedType.values).map((value) => `'${value}'`);
    const text = `${docOf(resolvedType.comment)}export type ${resolvedType.name} = ${union.join(' | ')};`;
    written.set(resolvedType.name, text);
  }
  written.set(type.name, interfaceOf(type));
}

export async function messages(): Promise<Output> {
  const written = new Map<string, string>();
  for (const root of ROOTS) collect(messageType(root), written);
  const content = await format(HEADER + [...written.values()].join('\n'), {
    parser: 'typescript',
    printWidth: 100,
    singleQuote: true,
    trailingComma: 'all',
  });
  return { path: 'controller/proto/generated/messages.ts', content };
}
