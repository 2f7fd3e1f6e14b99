/** One client of the gateway: start-up, choice of a target, then bytes in both directions. */
import type { Socket } from 'node:net';
import { TLSSocket, type SecureContext } from 'node:tls';
import { sleep } from '../role.ts';
import { openBackend, type Backend } from './backend.ts';
import { ERRORS, type ClientError, type RoutePooler } from './routes.ts';
import { NoTarget, type PortKind, type Router } from './router.ts';
import { fatal, FrameScanner, readStartup, type Startup } from './wire.ts';

export interface SessionOptions {
  kind: PortKind;
  router: Router;
  tls: SecureContext | undefined;
  requireTls: boolean;
  statementTimeoutMs: number;
  authenticationTimeoutMs: number;
  /** Remembers which pooler knows a cancel key; undefined forgets it. */
  rememberKey(key: string, pooler: RoutePooler | undefined): void;
  cancel(key: string, packet: Buffer): void;
}

/** Tries to reach a pooler that is said to serve but does not answer. */
const CONNECT_TRIES = 5;
const CONNECT_PAUSE_MS = 300;
export class Session {
  private readonly o: SessionOptions;
  private client: Socket;
  private backend: Backend | undefined;
  private keys: string[] = [];
  /** Requests without their "ready for query" yet; the start-up counts as one. */
  private pending = 1;
  private transaction = 'I';
  private timer: NodeJS.Timeout | undefined;
  private ended = false;
  private leaving: ClientError | undefined;
  private readonly onEnd: () => void;

  constructor(client: Socket, options: SessionOptions, onEnd: () => void) {
    this.client = client;
    this.o = options;
    this.onEnd = onEnd;
    client.setNoDelay(true);
    client.on('error', () => this.end());
    client.on('close', () => this.end());
  }

  /** The pooler in use, once there is one. */
  get poolerId(): string | undefined {
    return this.backend?.pooler.id;
  }

  get kind(): PortKind {
    return this.o.kind;
  }

  /** Runs until the session is connected or over; never throws. */
  async run(): Promise<void> {
    try {
      const startup = await this.handshake();
      if (startup === undefined) return;
      this.backend = await this.open(startup.packet);
      if (this.ended) this.backend.socket.destroy();
      else this.relay(this.backend);
    } catch (error) {
      this.fail(error instanceof NoTarget ? error.error : ERRORS.lost);
    }
  }

  private async handshake(): Promise<(Startup & { kind: 'start' }) | undefined> {
    let encrypted = false;
    for (;;) {
      const startup = await this.readPacket();
      if (startup === undefined) return undefined;
      if (startup.kind === 'gss') this.client.write('N');
      else if (startup.kind === 'ssl') encrypted = this.answerTls() || encrypted;
      else if (startup.kind === 'cancel') {
        this.o.cancel(startup.key, startup.packet);
        this.end();
        return undefined;
      } else if (this.o.requireTls && !encrypted) {
        this.fail({ code: '28000', message: 'SSL connection is required' });
        return undefined;
      } else return startup;
    }
  }

  private answerTls(): boolean {
    if (this.o.tls === undefined) {
      this.client.write('N');
      return false;
    }
    this.client.write('S');
    const secure = new TLSSocket(this.client, { isServer: true, secureContext: this.o.tls });
    secure.on('error', () => this.end());
    secure.on('close', () => this.end());
    this.client = secure;
    return true;
  }

  private readPacket(): Promise<Startup | undefined> {
    const client = this.client;
    let bytes = Buffer.alloc(0);
    return new Promise((resolve) => {
      const done = (startup: Startup | undefined): void => {
        clearTimeout(timer);
        client.off('data', onData);
        client.off('close', onClose);
        client.pause();
        resolve(startup);
      };
      const onClose = (): void => done(undefined);
      const timer = setTimeout(() => {
        this.fail(ERRORS.authTimeout);
        done(undefined);
      }, this.o.authenticationTimeoutMs);
      const onData = (chunk: Buffer): void => {
        bytes = Buffer.concat([bytes, chunk]);
        try {
          const found = readStartup(bytes);
          if (found === undefined) return;
          done(found.startup);
          if (found.rest.length > 0) client.unshift(found.rest);
        } catch (error) {
          this.fail({
            code: '08P01',
            message: error instanceof Error ? error.message : String(error),
          });
          done(undefined);
        }
      };
      client.on('data', onData);
      client.on('close', onClose);
      client.resume();
    });
  }

  /** Connects to a target; a primary that turns out to be going is waited for like one that is gone. */
  private async open(packet: Buffer): Promise<Backend> {
    let last: ClientError = ERRORS.lost;
    for (let tries = 0; tries < CONNECT_TRIES && !this.ended; tries++) {
      const pooler = await this.o.router.target(this.o.kind);
      const opened = await openBackend(pooler, packet);
      if ('socket' in opened) return opened;
      last = opened.error;
      await sleep(CONNECT_PAUSE_MS);
    }
    throw new NoTarget(last);
  }

  private relay({ socket, pooler, first }: Backend): void {
    const fromServer = new FrameScanner((type, payload) => {
      if (type === 'K') this.keep(payload.toString('hex'), pooler);
      if (type === 'Z') this.answered(payload.toString('latin1'));
    });
    const fromClient = new FrameScanner((type) => {
      if (type === 'Q' || type === 'S' || type === 'F') this.asked();
    });
    socket.on('data', (chunk: Buffer) => {
      fromServer.feed(chunk);
      if (!this.ended && !this.client.write(chunk)) socket.pause();
    });
    this.client.on('drain', () => socket.resume());
    this.client.on('data', (chunk: Buffer) => {
      fromClient.feed(chunk);
      if (!socket.write(chunk)) this.client.pause();
    });
    socket.on('drain', () => this.client.resume());
    this.client.on('end', () => socket.end());
    socket.on('close', () => this.fail(this.leaving ?? ERRORS.lost));
    socket.on('error', () => {});
    fromServer.feed(first);
    this.client.write(first);
    socket.resume();
    this.client.resume();
  }

  private keep(key: string, pooler: RoutePooler): void {
    this.keys.push(key);
    this.o.rememberKey(key, pooler);
  }

  private asked(): void {
    this.pending++;
    if (this.o.statementTimeoutMs > 0)
      this.timer ??= setTimeout(() => this.fail(ERRORS.timeout), this.o.statementTimeoutMs);
  }

  private answered(transaction: string): void {
    this.pending = Math.max(0, this.pending - 1);
    this.transaction = transaction;
    if (this.pending > 0) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.leaving !== undefined && transaction === 'I') this.fail(this.leaving);
  }

  /**
   * The target may not be used any more: an idle session ends now, a busy one when it becomes idle or its
   * backend ends it; `now` ends it in any case.
   */
  leave(why: ClientError, now: boolean): void {
    this.leaving = why;
    if (now || (this.pending === 0 && this.transaction === 'I')) this.fail(why);
  }

  /** Ends with an error message to the client. */
  fail(error: ClientError): void {
    if (this.ended) return;
    this.ended = true;
    this.client.end(fatal(error.code, error.message));
    this.finish();
  }

  /** Ends without a word. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.client.destroy();
    this.finish();
  }

  private finish(): void {
    clearTimeout(this.timer);
    for (const key of this.keys) this.o.rememberKey(key, undefined);
    this.backend?.socket.destroy();
    this.onEnd();
  }
}
