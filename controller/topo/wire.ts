/**
 * Protobuf's wire format, just deep enough to change named fields of a message and leave every other byte
 * as it was: a record is written by programs newer than us, and what they put there must survive.
 */

interface RawField {
  number: number;
  /** The whole field: tag, length if any, value. */
  bytes: Buffer;
  /** The value of a length-delimited field (text, bytes, message), absent for others. */
  payload?: Buffer;
}

interface Varint {
  value: number;
  next: number;
}

const varint = (bytes: Buffer, at: number): Varint => {
  let value = 0;
  let factor = 1;
  for (let next = at; next < at + 10; next++) {
    const byte = bytes[next];
    if (byte === undefined) throw new Error('protobuf message ends in the middle of a number');
    value += (byte & 0x7f) * factor;
    factor *= 128;
    if (byte < 0x80) return { value, next: next + 1 };
  }
  throw new Error('protobuf message has a number of more than ten bytes');
};

const fieldEnd = (bytes: Buffer, wireType: number, at: number): number => {
  switch (wireType) {
    case 0:
      return varint(bytes, at).next;
    case 1:
      return at + 8;
    case 2: {
      const length = varint(bytes, at);
      return length.next + length.value;
    }
    case 5:
      return at + 4;
    default:
      throw new Error(`protobuf message has a field of wire type ${wireType}`);
  }
};

/** @throws Error when the bytes are no protobuf message. */
const splitFields = (message: Uint8Array): RawField[] => {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  const fields: RawField[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = varint(bytes, at);
    const wireType = tag.value % 8;
    const end = fieldEnd(bytes, wireType, tag.next);
    if (end > bytes.length) throw new Error('protobuf message ends in the middle of a field');
    const field: RawField = { number: Math.floor(tag.value / 8), bytes: bytes.subarray(at, end) };
    if (wireType === 2) field.payload = bytes.subarray(varint(bytes, tag.next).next, end);
    fields.push(field);
    at = end;
  }
  return fields;
};

const writeVarint = (value: number): Buffer => {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
};

/** A length-delimited field. */
export const lengthDelimited = (number: number, payload: Uint8Array): Buffer =>
  Buffer.concat([writeVarint(number * 8 + 2), writeVarint(payload.length), payload]);

/**
 * `message` with the fields numbered `numbers` taken from `update` (where they may be absent: then they
 * are gone) and everything else untouched. Fields come out in ascending order, as writers send them;
 * equal numbers keep their order.
 */
export const replaceFields = (
  message: Uint8Array,
  update: Uint8Array,
  numbers: readonly number[],
): Buffer => {
  const replaced = new Set(numbers);
  const kept = splitFields(message).filter((field) => !replaced.has(field.number));
  const added = splitFields(update).filter((field) => replaced.has(field.number));
  const merged = [...kept, ...added].toSorted((a, b) => a.number - b.number);
  return Buffer.concat(merged.map((field) => field.bytes));
};

/** Payload of the last field with this number (the last one wins), or nothing. */
export const subMessage = (message: Uint8Array, number: number): Buffer | undefined =>
  splitFields(message).findLast((field) => field.number === number)?.payload;
