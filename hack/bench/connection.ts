/**
 * The smallest HTTP/1.1 client over TLS that can repeat one request: it costs the generator a fraction
 * of what an agent of Node costs, so that one core is enough to keep a webhook busy.
 */
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';

export interface Target {
  port: number;
  /** PEM of the authority that signed the server's certificate. */
  ca: string;
  /** Client certificate and key, PEM. */
  cert?: string;
  key?: string;
  /** The name to expect in the server's certificate. */
  servername?: string;
}

export interface Answer {
  status: number;
  body: string;
}

/** A request as it goes over the wire. Only loopback is ever spoken to. */
export function encodeRequest(path: string, body: string): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Content-Type: application/json',
    'Accept: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** The answer at the start of `bytes`, or undefined while it is not all there. */
export function decodeAnswer(bytes: Buffer): Answer | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = bytes.toString('latin1', 0, end);
  const status = Number(head.slice(9, 12));
  const length = /^content-length: (\d+)$/im.exec(head)?.[1];
  const rest = bytes.subarray(end + 4);
  if (length !== undefined) {
    if (rest.length < Number(length)) return undefined;
    return { status, body: rest.toString('utf8', 0, Number(length)) };
  }
  // In chunks: their sizes stay in the text, which is only searched for a word.
  if (!rest.subarray(-5).equals(Buffer.from('0\r\n\r\n'))) return undefined;
  return { status, body: rest.toString('utf8') };
}

/** A kept-alive connection that carries one request at a time. */
export class Connection {
  readonly #socket: TLSSocket;
  #received: Buffer[] = [];
  #done: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => this.#done?.reject(error));
    socket.on('close', () => this.#done?.reject(new Error('the server closed the connection')));
  }

  static async open({ port, ...tls }: Target): Promise<Connection> {
    const socket = connect({ host: '127.0.0.1', port, ALPNProtocols: ['http/1.1'], ...tls });
    await once(socket, 'secureConnect');
    return new Connection(socket);
  }

  send(request: Buffer): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#done = { resolve, reject };
    this.#socket.write(request);
    return promise;
  }

  close(): void {
    this.#done = undefined;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received.push(chunk);
    const bytes = this.#received.length === 1 ? chunk : Buffer.concat(this.#received);
    const answer = decodeAnswer(bytes);
    if (!answer) return;
    this.#received = [];
    this.#done?.resolve(answer);
  }
}
