/** The little of PostgreSQL's wire protocol that a pass-through needs to read and write. */

const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;
/** Longest start-up packet that PostgreSQL itself accepts, in bytes. */
const MAX_STARTUP = 10_000;

export type Startup =
  | { kind: 'ssl' }
  | { kind: 'gss' }
  | { kind: 'cancel'; packet: Buffer; key: string }
  | { kind: 'start'; packet: Buffer; parameters: Record<string, string> };

/** The first packet in `bytes` and what follows it; undefined while it is not complete. @throws Error for no start-up packet */
export function readStartup(bytes: Buffer): { startup: Startup; rest: Buffer } | undefined {
  if (bytes.length < 8) return undefined;
  const length = bytes.readUInt32BE(0);
  if (length < 8 || length > MAX_STARTUP)
    throw new Error(`invalid length of startup packet: ${length}`);
  if (bytes.length < length) return undefined;
  const packet = bytes.subarray(0, length);
  return { startup: decodeStartup(packet), rest: bytes.subarray(length) };
}

function decodeStartup(packet: Buffer): Startup {
  const code = packet.readUInt32BE(4);
  if (code === SSL_REQUEST) return { kind: 'ssl' };
  if (code === GSS_REQUEST) return { kind: 'gss' };
  if (code === CANCEL_REQUEST)
    return { kind: 'cancel', packet, key: packet.subarray(8).toString('hex') };
  if (code >>> 16 !== 3)
    throw new Error(`unsupported frontend protocol ${code >>> 16}.${code & 0xffff}`);
  const words = packet.subarray(8).toString('utf8').split('\0');
  const parameters: Record<string, string> = {};
  for (let i = 0; i + 1 < words.length && words[i] !== ''; i += 2)
    parameters[words[i] ?? ''] = words[i + 1] ?? '';
  return { kind: 'start', packet, parameters };
}

/** An ErrorResponse of severity FATAL. */
export function fatal(code: string, message: string): Buffer {
  const body = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`, 'utf8');
  const head = Buffer.alloc(5);
  head.write('E', 0, 'latin1');
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** SQLSTATE of an ErrorResponse's payload. */
export function sqlState(payload: Buffer): string {
  for (const field of payload.toString('utf8').split('\0'))
    if (field.startsWith('C')) return field.slice(1);
  return '';
}

/** Message types whose payload is kept: errors, keys, "ready for query". */
const KEPT = new Set(['E', 'K', 'Z']);
const MAX_KEPT = 64 << 10;

/** Follows a stream of typed messages without holding it up. */
export class FrameScanner {
  private readonly head = Buffer.alloc(5);
  private have = 0;
  private left = 0;
  private parts: Buffer[] | undefined;
  private type = '';
  private readonly onFrame: (type: string, payload: Buffer) => void;

  constructor(onFrame: (type: string, payload: Buffer) => void) {
    this.onFrame = onFrame;
  }

  feed(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.have < 5) {
        const taken = chunk.copy(this.head, this.have, at, at + 5 - this.have);
        this.have += taken;
        at += taken;
        if (this.have === 5) this.begin();
        continue;
      }
      const taken = Math.min(this.left, chunk.length - at);
      this.parts?.push(chunk.subarray(at, at + taken));
      this.left -= taken;
      at += taken;
      if (this.left === 0) this.end();
    }
  }

  private begin(): void {
    this.type = String.fromCharCode(this.head[0] ?? 0);
    this.left = Math.max(0, this.head.readUInt32BE(1) - 4);
    this.parts = KEPT.has(this.type) && this.left <= MAX_KEPT ? [] : undefined;
    if (this.left === 0) this.end();
  }

  private end(): void {
    const payload = this.parts === undefined ? Buffer.alloc(0) : Buffer.concat(this.parts);
    this.have = 0;
    this.parts = undefined;
    this.onFrame(this.type, payload);
  }
}
