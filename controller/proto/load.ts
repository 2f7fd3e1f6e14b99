/**
 * The two wire contracts, loaded: message codecs and service definitions for grpc-js clients and servers.
 * Names stay as in the proto text, 64-bit numbers are decimal strings, enums are names, and a field at its
 * default is absent (that is how the runtime itself sends it).
 */
import { fromJSON } from '@grpc/proto-loader';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';
import { ETCD_PROTO } from './etcd.proto.ts';
import { MULTIGRES_PROTO } from './multigres.proto.ts';
import { parseProto } from './parse.ts';
import type { FieldSchema, ProtoSchema } from './parse.ts';

/** Path on the wire of each service: `/<full name>/<method>`. */
const FULL_NAMES = {
  MultipoolerManager: 'multipoolermanager.MultipoolerManager',
  MultipoolerConsensus: 'consensus.MultipoolerConsensus',
  MultiorchService: 'multiorch.MultiorchService',
  MultiadminService: 'multiadmin.MultiadminService',
  ServiceInfo: 'serviceinfo.ServiceInfo',
  KV: 'etcdserverpb.KV',
  Lease: 'etcdserverpb.Lease',
  Watch: 'etcdserverpb.Watch',
} as const;

export type ServiceName = keyof typeof FULL_NAMES;

const SCALARS: Record<string, unknown> = { string: '', bool: false };

type Methods = Record<string, MethodDefinition<object, object>>;

interface Loaded {
  schema: ProtoSchema;
  definition: Record<string, unknown>;
}

const load = (text: string): Loaded => {
  const schema = parseProto(text);
  const nested = { ...schema.messages, ...schema.enums, ...schema.services };
  const definition = fromJSON(
    { nested: { [schema.package]: { nested } } } as Parameters<typeof fromJSON>[0],
    { keepCase: true, longs: String, enums: String, defaults: false, oneofs: false },
  );
  return { schema, definition };
};

const contracts = [load(MULTIGRES_PROTO), load(ETCD_PROTO)];

const isDefault = (schema: ProtoSchema, field: FieldSchema, value: unknown): boolean => {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (field.keyType !== undefined) return Object.keys(value).length === 0;
  const enumeration = schema.enums[field.type];
  if (enumeration)
    return value === 0 || (typeof value === 'string' && enumeration.values[value] === 0);
  if (schema.messages[field.type]) return false;
  if (field.type === 'bytes') return (value as Uint8Array).length === 0;
  const scalar = SCALARS[field.type];
  return scalar === undefined ? Number(value) === 0 : value === scalar;
};

/** Drops what equals its default, so that our bytes are those another writer of proto3 would send. */
const prune = (schema: ProtoSchema, type: string, value: object): object => {
  const message = schema.messages[type];
  if (!message) return value;
  const grouped = new Set(Object.values(message.oneofs ?? {}).flatMap((group) => group.oneof));
  const kept: [string, unknown][] = [];
  for (const [name, item] of Object.entries(value)) {
    const field = message.fields[name];
    if (!field || (isDefault(schema, field, item) && (item === undefined || !grouped.has(name)))) {
      continue;
    }
    if (!schema.messages[field.type] || field.keyType !== undefined) kept.push([name, item]);
    else if (Array.isArray(item)) {
      kept.push([name, item.map((entry) => prune(schema, field.type, entry as object))]);
    } else kept.push([name, prune(schema, field.type, item as object)]);
  }
  return Object.fromEntries(kept);
};

export interface MessageCodec<T> {
  encode: (value: T) => Buffer;
  /** @throws Error when the bytes are no protobuf message. */
  decode: (bytes: Uint8Array) => T;
}

/** The codec of one message, by its name in the proto text. @throws Error for an unknown name. */
export const messageCodec = <T extends object>(name: string): MessageCodec<T> => {
  for (const { schema, definition } of contracts) {
    const found = definition[`${schema.package}.${name}`] as
      MessageTypeDefinition<object, object> | undefined;
    if (!found || !schema.messages[name]) continue;
    return {
      encode: (value) => found.serialize(prune(schema, name, value)),
      decode: (bytes) => found.deserialize(Buffer.from(bytes)) as T,
    };
  }
  throw new Error(`no message ${name} in the wire contract`);
};

/** Numbers of the fields of one message. */
export const fieldNumbers = (name: string): Record<string, number> => {
  for (const { schema } of contracts) {
    const message = schema.messages[name];
    if (!message) continue;
    return Object.fromEntries(
      Object.entries(message.fields).map(([key, field]) => [key, field.id]),
    );
  }
  throw new Error(`no message ${name} in the wire contract`);
};

/**
 * Definition of a service with its real paths, for `makeGenericClientConstructor` and
 * `Server.addService`.
 */
export const serviceDefinition = (name: ServiceName): ServiceDefinition => {
  for (const { schema, definition } of contracts) {
    const found = definition[`${schema.package}.${name}`] as Methods | undefined;
    if (!found || !schema.services[name]) continue;
    return Object.fromEntries(
      Object.entries(found).map(([method, rpc]) => {
        const { requestType, responseType } = schema.services[name]?.methods[method] ?? {};
        const request = messageCodec<object>(requestType ?? '');
        const response = messageCodec<object>(responseType ?? '');
        return [
          method,
          {
            ...rpc,
            path: `/${FULL_NAMES[name]}/${method}`,
            requestSerialize: request.encode,
            responseSerialize: response.encode,
          },
        ];
      }),
    );
  }
  throw new Error(`no service ${name} in the wire contract`);
};
