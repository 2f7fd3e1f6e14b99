/** Canonical proto3 JSON of decoded messages, as multiadmin's REST speaks it: camelCase, enums as names, defaults left out. */
import type { Field } from 'protobufjs';
import { messageIn, messageType } from '../../controller/proto/load.ts';
import '../contract.ts';

type Plain = Record<string, unknown>;

const camel = (name: string): string =>
  name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** Nanoseconds as a fraction of 0, 3, 6 or 9 digits. */
function fraction(nanos: number): string {
  if (nanos === 0) return '';
  const digits = String(nanos).padStart(9, '0');
  return `.${digits.replace(/(000){1,2}$/, '')}`;
}

function timestamp(value: { seconds?: string; nanos?: number }): string {
  const whole = new Date(Number(value.seconds ?? 0) * 1000).toISOString().slice(0, 19);
  return `${whole}${fraction(value.nanos ?? 0)}Z`;
}

const duration = (value: { seconds?: string; nanos?: number }): string =>
  `${value.seconds ?? '0'}${fraction(value.nanos ?? 0)}s`;

function fieldToJson(field: Field, value: unknown): unknown {
  if (field.type === 'Timestamp') return timestamp(value as Plain);
  if (field.type === 'Duration') return duration(value as Plain);
  if (field.type === 'bytes') return Buffer.from(value as Uint8Array).toString('base64');
  return messageIn(field) ? toJson(field.type, value as Plain) : value;
}

const isDefault = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  value === '0' ||
  value === 0 ||
  value === false ||
  (Array.isArray(value) && value.length === 0);

/** A message by its proto name. Map keys stay as they are. */
export function toJson(type: string, message: object): Plain {
  const fields = messageType(type).fields;
  const out: Plain = {};
  for (const [name, field] of Object.entries(fields)) {
    const value = (message as Plain)[name];
    if (isDefault(value)) continue;
    if (field.map) out[camel(name)] = sortKeys(value as Plain);
    else if (Array.isArray(value)) out[camel(name)] = value.map((item) => fieldToJson(field, item));
    else out[camel(name)] = fieldToJson(field, value);
  }
  return out;
}

const sortKeys = (map: Plain): Plain =>
  Object.fromEntries(Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1)));

/** A request body or query in camelCase or proto names. @throws Error naming a field that the message lacks */
export function fromJson(type: string, json: Plain): Plain {
  const fields = messageType(type).fields;
  const byName = new Map(
    Object.entries(fields).flatMap(([name, f]) => [
      [name, { name, f }] as const,
      [camel(name), { name, f }] as const,
    ]),
  );
  const out: Plain = {};
  for (const [key, value] of Object.entries(json)) {
    const found = byName.get(key);
    if (found === undefined) throw new Error(`unknown field "${key}" in ${type}`);
    out[found.name] = fieldFromJson(found.f, value);
  }
  return out;
}

function fieldFromJson(field: Field, value: unknown): unknown {
  if (field.repeated) return Array.isArray(value) ? value : [value];
  if (field.type === 'bool') return value === true || value === 'true';
  return messageIn(field) ? fromJson(field.type, value as Plain) : value;
}
