import { createServer as createTlsServer, type Server } from 'node:https';
import { createServer, type Server as PlainServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import express from 'express';
import type { ErrorRequestHandler, Express, Request, Response } from 'express';
import {
  buildReview,
  parseReview,
  ReviewError,
  type AdmissionRequest,
  type Verdict,
} from './review.ts';

export type Step = (request: AdmissionRequest) => Promise<Verdict>;

export interface Handlers {
  mutate: Step;
  validate: Step;
  /** Empty when ready, else the reasons why not. */
  notReady: () => string[];
  /** The metrics page; absent = 404. */
  metrics?: () => Promise<{ contentType: string; body: string }>;
  onError: (error: unknown, request: { path: string; uid?: string }) => void;
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
  const json = express.json({ limit: limits.bodyBytes, type: 'application/json' });
  app.post('/mutate', requireJson, json, review(handlers, handlers.mutate, limits));
  app.post('/validate', requireJson, json, review(handlers, handlers.validate, limits));
  app.use(refuse(handlers));
  return app;
}

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
  address: { host?: string; port: number },
): Promise<Listening<Server>> {
  const options = { key: tls.key, cert: tls.cert, minVersion: 'TLSv1.2' } as const;
  return listen(createTlsServer(options, app), address);
}

/** Starts a plain port for health and metrics. */
export function listenPlain(
  app: Express,
  address: { host?: string; port: number },
): Promise<Listening> {
  return listen(createServer(app), address);
}

async function listen<S extends Server | PlainServer>(
  server: S,
  { host, port }: { host?: string; port: number },
): Promise<Listening<S>> {
  // The API server keeps idle connections for 90 s; whoever closes first races with the next
  // request, so ours live longer. The other two limits end slow or stuck clients.
  server.keepAliveTimeout = 95_000;
  server.headersTimeout = 32_000;
  server.requestTimeout = 35_000;
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

function requireJson(req: Request, res: Response, next: () => void): void {
  if (req.is('application/json') === false || req.is('application/json') === null) {
    res.status(415).type('text').send('Content-Type must be application/json');
    return;
  }
  next();
}

function review(handlers: Handlers, step: Step, limits: ServerLimits) {
  return async (req: Request, res: Response): Promise<void> => {
    const request = parseReview(req.body as unknown);
    let verdict: Verdict;
    try {
      verdict = await withDeadline(step(request), limits.reviewMs);
    } catch (error) {
      handlers.onError(error, { path: req.path, uid: request.uid });
      verdict = internalError(error);
    }
    res.json(buildReview(request.uid, verdict));
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
    const known = error as { type?: string; status?: number };
    if (error instanceof ReviewError) {
      res.status(400).type('text').send(error.message);
    } else if (known.type === 'entity.too.large') {
      res.status(413).type('text').send('the request body is too large');
    } else if (known.status !== undefined && known.status >= 400 && known.status < 500) {
      res.status(known.status).type('text').send('the request body is not valid JSON');
    } else {
      handlers.onError(error, { path: req.path });
      res.status(500).type('text').send('internal error');
    }
  };
}
