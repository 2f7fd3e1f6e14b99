import { createServer as createTlsServer, type Server } from 'node:https';
import { createServer, type Server as PlainServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import express from 'express';
import type { ErrorRequestHandler, Express, Request, Response } from 'express';
import { readJson } from './body.ts';
import {
  buildReview,
  parseReview,
  ReviewError,
  type AdmissionRequest,
  type Verdict,
} from './review.ts';
import { compact } from '../schemas/compact.ts';
import { oneLine, short } from './text.ts';

export type Step = (request: AdmissionRequest) => Promise<Verdict>;

export interface Handlers {
  mutate: Step;
  validate: Step;
  /** Empty when ready, else the reasons why not. */
  notReady: () => string[];
  /** The metrics page; absent = 404. */
  metrics?: () => Promise<{ contentType: string; body: string }>;
  onError: (error: unknown, request: { path: string; uid?: string }) => void;
  /** Told of each request for a review that is answered, or cut off, before it becomes one. */
  onRefused?: (refusal: Refusal) => void;
}

/** A request that never became a review, with what is known of it. */
export interface Refusal {
  /** HTTP status. */
  status: number;
  /** Why, in the words of the answer. */
  why: string;
  path?: string;
  /** Size that the client announced. */
  bytes?: number;
  contentType?: string;
  ms?: number;
  /** What could be read of the review. */
  uid?: string;
  user?: string;
  operation?: string;
  kind?: string;
  ns?: string;
  name?: string;
}

export interface ServerLimits {
  /** Largest request body in bytes; 7 MiB: an object and its old version, twice the API server's own limit. */
  bodyBytes: number;
  /** A review that takes longer is refused with a text; below the `timeoutSeconds: 10` of the configurations. */
  reviewMs: number;
}

export const LIMITS: ServerLimits = { bodyBytes: 7 * 1024 * 1024, reviewMs: 5000 };

/** The HTTP face of the webhook, without the network. */
export function createApp(handlers: Handlers, limits: ServerLimits = LIMITS): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.get('/healthz', (_req, res) => void res.type('text').send('ok'));
  app.get('/readyz', (_req, res) => {
    const reasons = handlers.notReady();
    res.status(reasons.length === 0 ? 200 : 503).type('text');
    res.send(reasons.length === 0 ? 'ok' : reasons.join('\n'));
  });
  app.get('/metrics', async (_req, res) => {
    if (!handlers.metrics) return void res.status(404).end();
    const page = await handlers.metrics();
    res.set('Content-Type', page.contentType).send(page.body);
  });
  const json = readJson(limits.bodyBytes);
  const steps = { '/mutate': handlers.mutate, '/validate': handlers.validate };
  for (const [path, step] of Object.entries(steps)) {
    app.post(path, started, requireJson, json, review(handlers, step, limits));
    app.all(path, started, (req) => {
      throw new HttpError(
        405,
        `${req.method} is not possible here: send an AdmissionReview by POST`,
      );
    });
  }
  app.use((_req, res) => {
    res.status(404).type('text').send('there is nothing here: POST /mutate or /validate');
  });
  app.use(refuse(handlers));
  return app;
}

/** A refusal by HTTP status; `message` is for the caller. */
class HttpError extends Error {
  override name = 'HttpError';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const STARTED = 'startedMs';

function started(_req: Request, res: Response, next: () => void): void {
  res.locals[STARTED] = performance.now();
  next();
}

/** Where to listen, and for how long a client may take to send a request. */
export interface Address {
  host?: string;
  /** 0 takes a free one. */
  port: number;
  /** Default 15 s: the API server gives up after 10 s. */
  patienceMs?: number;
  /** Told of clients that send no HTTP, or too slowly. */
  onRefused?: Handlers['onRefused'];
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
  app: Express,
  tls: { key: string; cert: string },
  address: Address,
): Promise<Listening<Server>> {
  const { key, cert } = tls;
  const options = { key, cert, minVersion: 'TLSv1.2', ...timeouts(address) } as const;
  return listen(createTlsServer(options, app), address);
}

/** Starts a plain port for health and metrics. */
export function listenPlain(app: Express, address: Address): Promise<Listening> {
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
  });
}

const BROKEN: Record<string, [number, string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
};

async function listen<S extends Server | PlainServer>(
  server: S,
  { host, port, onRefused }: Address,
): Promise<Listening<S>> {
  refuseBroken(server, onRefused);
  const running = new Set<object>();
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  let idle: () => void = () => {};
  server.on('request', (_req, res) => {
    running.add(res);
    res.once('close', () => {
      running.delete(res);
      if (running.size === 0) idle();
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
      if (running.size === 0) destroy();
      else idle = destroy;
      await closed;
      clearTimeout(timer);
    },
  };
}

function requireJson(req: Request, _res: Response, next: () => void): void {
  const usual = req.headers['content-type'] === 'application/json';
  if (!usual && !req.is('application/json'))
    throw new HttpError(415, 'Content-Type must be application/json');
  next();
}

function review(handlers: Handlers, step: Step, limits: ServerLimits) {
  return async (req: Request, res: Response): Promise<void> => {
    const request = parseReview(req.body as unknown);
    // A kept-alive connection holds its last request until the next one: without this the reviews of
    // all clients would outlive the nursery, and marking the old ones costs a fifth of all time.
    req.body = undefined;
    let verdict: Verdict;
    try {
      verdict = await withDeadline(step(request), limits.reviewMs);
    } catch (error) {
      handlers.onError(error, { path: req.path, uid: request.uid });
      verdict = internalError(error);
    }
    const answer = JSON.stringify(buildReview(request.uid, verdict));
    // Without express's res.json, which looks for caching and charsets first.
    res.writeHead(200, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(answer),
    });
    res.end(answer);
  };
}

/**
 * A failure of ours, told inside the review: an HTTP error would only trigger the failure policy
 * and the user would see no reason.
 */
export function internalError(error: unknown): Verdict {
  const text = error instanceof Error ? error.message : String(error);
  return {
    allowed: false,
    code: 500,
    reason: 'InternalError',
    message: `internal error in the Multigres webhook, not a fault of this object: ${text}. Fix: try again; if it stays, see the log of the multigres webhook pods.`,
  };
}

async function withDeadline(work: Promise<Verdict>, ms: number): Promise<Verdict> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`the review took longer than ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function refuse(handlers: Handlers): ErrorRequestHandler {
  return (error: unknown, req, res, _next) => {
    const known = refusalOf(error);
    if (!known) {
      handlers.onError(error, { path: req.path });
      if (!res.headersSent) res.status(500).type('text').send('internal error');
      return;
    }
    const [status, why] = known;
    const began = res.locals[STARTED] as number | undefined;
    const bytes = Number(req.get('content-length'));
    const contentType = req.get('content-type');
    handlers.onRefused?.({
      status,
      why,
      path: req.path,
      ...(Number.isNaN(bytes) ? {} : { bytes }),
      ...(contentType === undefined ? {} : { contentType: short(contentType) }),
      ...knownOf(req.body as unknown),
      ...(began === undefined ? {} : { ms: Math.round(performance.now() - began) }),
    });
    if (status === 405) res.set('Allow', 'POST');
    res.status(status).type('text').send(why);
  };
}

/** Status and text for what is the client's fault; undefined for what is ours. */
function refusalOf(error: unknown): [number, string] | undefined {
  if (error instanceof HttpError) return [error.status, error.message];
  if (error instanceof ReviewError) return [400, error.message];
  const { type, status } = error as { type?: string; status?: number };
  if (type === 'entity.too.large') return [413, tooLarge(error as { limit?: number })];
  if (type === 'request.aborted')
    return [400, 'the client was cut off, or went away, before the end of the body'];
  if (status === 415) return [415, 'the body must be JSON in UTF-8, plain or compressed by gzip'];
  if (status === undefined || status < 400 || status >= 500) return undefined;
  return [status, 'the request body is not valid JSON'];
}

const tooLarge = ({ limit = 0 }: { limit?: number }): string =>
  `the request body is larger than ${limit} bytes`;

/** What a body that is no review tells all the same, for the log. */
function knownOf(body: unknown): Partial<Refusal> {
  const at = (...path: string[]): string | undefined => {
    let value = body;
    for (const key of path) {
      if (typeof value !== 'object' || value === null) return undefined;
      value = (value as Record<string, unknown>)[key];
    }
    return typeof value === 'string' && value !== '' ? oneLine(short(value)) : undefined;
  };
  return compact({
    uid: at('request', 'uid'),
    user: at('request', 'userInfo', 'username'),
    operation: at('request', 'operation'),
    kind: at('request', 'kind', 'kind'),
    ns: at('request', 'namespace'),
    name: at('request', 'name'),
  });
}
