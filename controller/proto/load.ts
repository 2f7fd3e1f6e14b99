/**
 * The two wire contracts, loaded: message codecs and service definitions for grpc-js clients and servers.
 * Names stay as in the proto text, 64-bit numbers are decimal strings, enums are names, and a field at its
 * default is absent (that is how the runtime itself sends it).
 */
import type { ServiceDefinition } from '@grpc/grpc-js';
import protobuf, { type Field, type Type } from 'protobufjs';
import { ETCD_PROTO } from './etcd.proto.ts';
import { MULTIGRES_PROTO } from './multigres.proto.ts';

/** Path on the wire of each service: `/<full name>/<method>`. */
const FULL_NAMES = {
  MultipoolerManager: 'multipoolermanager.MultipoolerManager',
  MultipoolerService: 'multipoolerservice.MultipoolerService',
  MultipoolerConsensus: 'consensus.MultipoolerConsensus',
  MultiorchService: 'multiorch.MultiorchService',
  /** Its contract is added by the emulator, which serves it. */
  MultiadminService: 'multiadmin.MultiadminService',
  ServiceInfo: 'serviceinfo.ServiceInfo',
  KV: 'etcdserverpb.KV',
  Lease: 'etcdserverpb.Lease',
  Watch: 'etcdserverpb.Watch',
} as const;

export type ServiceName = keyof typeof FULL_NAMES;

const contracts = new protobuf.Root();

/** Makes the messages and services of a proto text known. */
export const addContract = (text: string): void => {
  protobuf.parse(text, contracts, { keepCase: true });
  contracts.resolveAll();
};
addContract(MULTIGRES_PROTO);
addContract(ETCD_PROTO);

/** A message of the contracts by its name in the proto text. @throws Error for an unknown name. */
export const messageType = (name: string): Type => contracts.lookupType(name);

/** The message that a field holds, alone or in a list; undefined for maps and all else. */
export const messageIn = ({ map, resolvedType }: Field): Type | undefined =>
  !map && resolvedType instanceof protobuf.Type ? resolvedType : undefined;

const isDefault = (field: Field, value: unknown): boolean => {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (field.map) return Object.keys(value).length === 0;
  const { type, resolvedType } = field;
  if (resolvedType instanceof protobuf.Enum)
    return value === 0 || (typeof value === 'string' && resolvedType.values[value] === 0);
  if (resolvedType) return false;
  if (type === 'bytes') return (value as Uint8Array).length === 0;
  if (type === 'string' || type === 'bool') return value === '' || value === false;
  return Number(value) === 0;
};

/** Drops what equals its default, so that our bytes are those another writer of proto3 would send. */
const prune = (type: Type, value: object): object => {
  const kept: [string, unknown][] = [];
  for (const [name, item] of Object.entries(value)) {
    const field = type.fields[name];
    if (!field || (isDefault(field, item) && (item === undefined || !field.partOf))) continue;
    const inner = messageIn(field);
    if (!inner) kept.push([name, item]);
    else if (!Array.isArray(item)) kept.push([name, prune(inner, item as object)]);
    else kept.push([name, item.map((entry) => prune(inner, entry as object))]);
  }
  return Object.fromEntries(kept);
};

interface MessageCodec<T> {
  encode: (value: T) => Buffer;
  /** @throws Error when the bytes are no protobuf message. */
  decode: (bytes: Uint8Array) => T;
}

const PLAIN = { longs: String, enums: String, defaults: false, oneofs: false };

/** The codec of one message, by its name in the proto text. @throws Error for an unknown name. */
export const messageCodec = <T extends object>(name: string): MessageCodec<T> => {
  const type = messageType(name);
  return {
    encode: (value) => Buffer.from(type.encode(type.fromObject(prune(type, value))).finish()),
    // of a copy: what is kept of the message must not hold the answer that it came in
    decode: (bytes) => type.toObject(type.decode(Buffer.from(bytes)), PLAIN) as T,
  };
};

/**
 * Definition of a service with its real paths, for `makeGenericClientConstructor` and
 * `Server.addService`.
 */
export const serviceDefinition = (name: ServiceName): ServiceDefinition =>
  Object.fromEntries(
    contracts.lookupService(name).methodsArray.map((method) => {
      const { requestType, responseType, requestStream = false, responseStream = false } = method;
      const request = messageCodec<object>(requestType);
      const response = messageCodec<object>(responseType);
      const definition = {
        path: `/${FULL_NAMES[name]}/${method.name}`,
        requestStream,
        responseStream,
        requestSerialize: request.encode,
        requestDeserialize: request.decode,
        responseSerialize: response.encode,
        responseDeserialize: response.decode,
      };
      return [method.name, definition];
    }),
  );
