/**
 * Protobuf's wire format, just deep enough to change named fields of a message and leave every other byte
 * as it was: a record is written by programs newer than us, and what they put there must survive.
 */
import protobuf from 'protobufjs';

const LENGTH_DELIMITED = 2;

interface RawField {
  number: number;
  /** The whole field: tag, length if any, value. */
  bytes: Buffer;
  /** The value of a length-delimited field (text, bytes, message), absent for others. */
  payload?: Uint8Array;
}

/** @throws Error when the bytes are no protobuf message. */
const splitFields = (message: Uint8Array): RawField[] => {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  const reader = protobuf.Reader.create(bytes);
  const fields: RawField[] = [];
  while (reader.pos < reader.len) {
    const at = reader.pos;
    const tag = reader.uint32();
    const payload = (tag & 7) === LENGTH_DELIMITED ? reader.bytes() : undefined;
    if (!payload) reader.skipType(tag & 7);
    const field = { number: tag >>> 3, bytes: bytes.subarray(at, reader.pos) };
    fields.push(payload ? { ...field, payload } : field);
  }
  return fields;
};

export const lengthDelimited = (number: number, payload: Uint8Array): Buffer => {
  const writer = protobuf.Writer.create().uint32(number * 8 + LENGTH_DELIMITED);
  return Buffer.from(writer.bytes(payload).finish());
};

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
  const kept = splitFields(message).filter(({ number }) => !numbers.includes(number));
  const added = splitFields(update).filter(({ number }) => numbers.includes(number));
  const merged = [...kept, ...added].toSorted((a, b) => a.number - b.number);
  return Buffer.concat(merged.map((field) => field.bytes));
};

/** Payload of the last field with this number (the last one wins), or nothing. */
export const subMessage = (message: Uint8Array, number: number): Uint8Array | undefined =>
  splitFields(message).findLast((field) => field.number === number)?.payload;
