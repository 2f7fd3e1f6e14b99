/** What etcd's API is asked with and what it answers, in the terms of its proto text and in ours. */

export interface KeyValue {
  key: string;
  value: Buffer;
  /** What `update` compares; 64-bit numbers are decimal strings. */
  modRevision: string;
  version: string;
  /** '0' when the key has no lease. */
  lease: string;
}

export interface WatchEvent {
  type: 'put' | 'delete';
  /** For a delete only `key` and `modRevision` mean something. */
  kv: KeyValue;
}

interface RawKeyValue {
  key?: Buffer;
  value?: Buffer;
  mod_revision?: string;
  version?: string;
  lease?: string;
}
export interface RawAnswer {
  kvs?: RawKeyValue[];
  deleted?: string;
  header?: { revision?: string };
}
export interface RawEvent {
  type?: string;
  kv?: RawKeyValue;
}

/** Smallest key behind every key that starts with `prefix`. */
const prefixEnd = (prefix: string): Buffer => {
  const end = Buffer.from(prefix);
  for (let at = end.length - 1; at >= 0; at--) {
    const byte = end[at] ?? 0;
    if (byte === 0xff) continue;
    end[at] = byte + 1;
    return end.subarray(0, at + 1);
  }
  return Buffer.from([0]);
};

export const keyValue = (raw: RawKeyValue): KeyValue => ({
  key: (raw.key ?? Buffer.alloc(0)).toString(),
  value: raw.value ?? Buffer.alloc(0),
  modRevision: raw.mod_revision ?? '0',
  version: raw.version ?? '0',
  lease: raw.lease ?? '0',
});

export const watchEvent = ({ type, kv }: RawEvent): WatchEvent => ({
  type: type === 'DELETE' ? 'delete' : 'put',
  kv: keyValue(kv ?? {}),
});

export const under = (prefix: string): object => ({
  key: Buffer.from(prefix),
  range_end: prefixEnd(prefix),
});

export const putRequest = (key: string, value: Uint8Array): object => ({
  key: Buffer.from(key),
  value: Buffer.from(value),
});

export const isAbsent = (key: string): object => ({
  result: 'EQUAL',
  target: 'VERSION',
  key: Buffer.from(key),
  version: '0',
});

export const modRevisionIs = (key: string, modRevision: string): object => ({
  result: 'EQUAL',
  target: 'MOD',
  key: Buffer.from(key),
  mod_revision: modRevision,
});
