import { createServer as createTlsServer, type Server } from 'node:https';
import { createServer, type RequestListener, type Server as PlainServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Refusal } from './refusal.ts';

/** Where to listen, and for how long a client may take to send a request. */
interface Address {
  host?: string;
  /** 0 takes a free one. */
  port: number;
  /** Default 15 s: the API server gives up after 10 s. */
  patienceMs?: number;
  /** Told of clients that send no HTTP, or too slowly. */
  onRefused?: ((refusal: Refusal) => void) | undefined;
}

const PATIENCE_MS = 15_000;

/** A port that is open. */
export interface Listening<S = PlainServer> {
  server: S;
  port: number;
  /** Stops accepting, lets running requests end, at most for `graceMs`, and closes connections. */
  close: (graceMs: number) => Promise<void>;
}

/** Starts the admission port. Resolves once it listens; `port` 0 takes a free one. */
export function listenTls(
  app: RequestListener,
  tls: { key: string; cert: string },
  address: Address,
): Promise<Listening<Server>> {
  const { key, cert } = tls;
  const options = { key, cert, minVersion: 'TLSv1.2', ...timeouts(address) } as const;
  return listen(createTlsServer(options, app), address);
}

/** Starts a plain port for health and metrics. */
export function listenPlain(app: RequestListener, address: Address): Promise<Listening> {
  return listen(createServer(timeouts(address), app), address);
}

/** Times in milliseconds; slow and stuck clients are cut off after them, give or take a quarter. */
function timeouts({ patienceMs = PATIENCE_MS }: Address) {
  return {
    // The API server keeps idle connections for 90 s; whoever closes first races with the next
    // request, so ours live longer.
    keepAliveTimeout: 95_000,
    headersTimeout: patienceMs,
    requestTimeout: patienceMs,
    connectionsCheckingInterval: Math.ceil(patienceMs / 4),
  };
}

/** Answers what is no HTTP, or not in time. Node would do the same, but without a word in the log. */
function refuseBroken(server: PlainServer | Server, onRefused: Address['onRefused']): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // Somebody looked whether the port is open, or went away.
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const [status, why] = BROKEN[error.code ?? ''] ?? [400, 'Bad Request'];
    onRefused?.({ status, why: `${why} (${error.code ?? error.message})` });
    socket.end(`HTTP/1.1 ${status} ${why}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    // Who does not close its side in turn would hold the connection for ever.
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  });
}

/** How long a client that was refused may go on before its connection is cut, in milliseconds. */
export const LINGER_MS = 1000;

const BROKEN: Record<string, [number, string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
};

async function listen<S extends Server | PlainServer>(
  server: S,
  { host, port, onRefused }: Address,
): Promise<Listening<S>> {
  refuseBroken(server, onRefused);
  // Counted, not kept in a Set. A table that a Set outgrew points to the next one: once such a table is in
  // old space, each request that passes through the Set outlives the nursery, until marking never stops.
  let running = 0;
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  let idle: () => void = () => {};
  server.on('request', (_req, res) => {
    running++;
    res.once('close', () => {
      if (--running === 0) idle();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host ? { host } : {}) }, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  return {
    server,
    port: (server.address() as AddressInfo).port,
    async close(graceMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // Node counts connections without any request yet, or within the TLS handshake, as in use;
      // with no request running all go at once, so that the process need not wait for them.
      const destroy = () => sockets.forEach((socket) => socket.destroy());
      const timer = setTimeout(destroy, graceMs);
      if (running === 0) destroy();
      else idle = destroy;
      await closed;
      clearTimeout(timer);
    },
  };
}
