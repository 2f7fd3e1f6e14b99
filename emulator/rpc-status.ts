/** The trailer `grpc-status-details-bin` of the runtime's errors, written byte by byte. */

function varint(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  while (rest > 127) {
    out.push((rest & 127) | 128);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
  return out;
}

/** A number field of a protobuf message. */
export const varintField = (field: number, value: number): Buffer =>
  Buffer.from([...varint(field << 3), ...varint(value)]);

/** A text or bytes field of a protobuf message. */
export function bytesField(field: number, value: string | Buffer): Buffer {
  const body = Buffer.from(value as string);
  return Buffer.concat([Buffer.from([...varint((field << 3) | 2), ...varint(body.length)]), body]);
}

const ERROR_TYPE = 'type.googleapis.com/mtrpc.RPCError';

/** google.rpc.Status {code, message, details: [mtrpc.RPCError {message, code}]}. */
export function statusDetails(code: number, message: string): Buffer {
  const error = Buffer.concat([bytesField(1, message), varintField(2, code)]);
  const any = Buffer.concat([bytesField(1, ERROR_TYPE), bytesField(2, error)]);
  return Buffer.concat([varintField(1, code), bytesField(2, message), bytesField(3, any)]);
}
