import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import express from 'express';
import type { ErrorRequestHandler, Express, Request, Response } from 'express';
import { textOf } from '../schemas/text.ts';
import { isPlain, parseBody, parseWhole, readAny, readPlain } from './body.ts';
import { LINGER_MS } from './listen.ts';
import { HttpError, refuse, sendText, tooLarge, type RefusalDeps } from './refusal.ts';
import { buildReview, parseReview, type AdmissionRequest, type Verdict } from './review.ts';

interface Answered {
  verdict: Verdict;
  /** Called once the answer has left: nobody waits for what is told of it. */
  told?: () => void;
}

export type Step = (request: AdmissionRequest) => Promise<Answered>;

export interface Handlers extends RefusalDeps {
  mutate: Step;
  validate: Step;
  /** Empty when ready, else the reasons why not. */
  notReady: () => string[];
  /** The metrics page; absent = 404. */
  metrics?: () => Promise<{ contentType: string; body: string }>;
}

/** Largest request body in bytes: an object and its old version, twice the API server's own limit. */
const BODY_BYTES = 7 * 1024 * 1024;

/** A request that asks for a review. */
interface Asked {
  req: IncomingMessage;
  path: string;
  step: Step;
  /** `performance.now()` at its start. */
  beganMs: number;
}

/**
 * The HTTP face of the webhook, without the network. A review as the API server sends it is answered
 * straight; whatever else comes (health, metrics, odd and broken requests) goes through express, whose
 * way costs a tenth of a review.
 */
export function createApp(handlers: Handlers, bodyBytes = BODY_BYTES): RequestListener {
  const steps = new Map([
    ['/mutate', handlers.mutate],
    ['/validate', handlers.validate],
  ]);
  const others = createOthers(handlers, steps, bodyBytes);
  return (req, res) => {
    const path = pathOf(req);
    const step = steps.get(path);
    if (!step) return void others(req, res);
    const asked = { req, path, step, beganMs: performance.now() };
    if (Number(req.headers['content-length']) > bodyBytes) {
      return cutOff(handlers, asked, bodyBytes, res);
    }
    if (!isPlain(req)) return void others(req, res);
    void answer(handlers, asked, () => readPlain(req), res);
  };
}

/** Refused before it is read, and cut off if it goes on being sent. */
function cutOff(handlers: Handlers, asked: Asked, bodyBytes: number, res: ServerResponse): void {
  const { req } = asked;
  refuse(handlers, asked, new HttpError(413, tooLarge(bodyBytes)), res);
  req.on('error', () => {}).resume();
  const timer = setTimeout(() => req.destroy(), LINGER_MS);
  req.once('close', () => clearTimeout(timer));
}

/** The API server adds how long it will wait: `/validate?timeout=10s`. */
function pathOf({ url = '' }: IncomingMessage): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

/** Reads, judges and answers a review. Never rejects: what fails is answered too. */
async function answer(
  handlers: Handlers,
  asked: Asked,
  read: () => Promise<Buffer> | Buffer | undefined,
  res: ServerResponse,
): Promise<void> {
  let body: unknown;
  try {
    const bytes = await read();
    body = parseBody(bytes);
    const request = parseReview(body, bytes && (() => parseWhole(bytes)));
    const failed = (error: unknown): Answered => {
      handlers.onError(error, { path: asked.path, uid: request.uid });
      return { verdict: internalError(error) };
    };
    const { verdict, told } = await asked.step(request).catch(failed);
    const answered = JSON.stringify(buildReview(request.uid, verdict));
    res.writeHead(200, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(answered),
    });
    res.end(answered);
    try {
      told?.();
    } catch (error) {
      failed(error);
    }
  } catch (error) {
    refuse(handlers, { ...asked, body }, error, res);
  }
}

/** Everything but plain reviews. */
function createOthers(
  handlers: Handlers,
  steps: ReadonlyMap<string, Step>,
  bodyBytes: number,
): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.get('/healthz', (_req, res) => sendText(res, 200, 'ok'));
  app.get('/readyz', (_req, res) => {
    const reasons = handlers.notReady();
    if (reasons.length === 0) sendText(res, 200, 'ok');
    else sendText(res, 503, reasons.join('\n'));
  });
  app.get('/metrics', async (_req, res) => {
    if (!handlers.metrics) return void res.status(404).end();
    const page = await handlers.metrics();
    res.set('Content-Type', page.contentType).send(page.body);
  });
  const read = readAny(bodyBytes);
  for (const [path, step] of steps) {
    app.all(path, (req, res, next) => {
      res.locals[BEGAN] = performance.now();
      if (req.method === 'POST') return next();
      const why = `${req.method} is not possible here: send an AdmissionReview by POST`;
      throw new HttpError(405, why);
    });
    app.post(path, read, async (req: Request, res: Response) => {
      const beganMs = res.locals[BEGAN] as number;
      const bytes = req.body as Buffer | undefined;
      req.body = undefined;
      await answer(handlers, { req, path, step, beganMs }, () => bytes, res);
    });
  }
  app.use(() => {
    throw new HttpError(404, 'there is nothing here: POST /mutate or /validate');
  });
  const failed: ErrorRequestHandler = (error: unknown, req, res, _next) => {
    const beganMs = res.locals[BEGAN] as number | undefined;
    refuse(handlers, { req, path: req.path, beganMs }, error, res);
  };
  app.use(failed);
  return app;
}

const BEGAN = 'beganMs';

/**
 * A failure of ours, told inside the review: an HTTP error would only trigger the failure policy
 * and the user would see no reason.
 */
export function internalError(error: unknown): Verdict {
  const text = textOf(error);
  return {
    allowed: false,
    code: 500,
    reason: 'InternalError',
    message: `internal error in the Multigres webhook, not a fault of this object: ${text}. Fix: try again; if it stays, see the log of the multigres webhook pods.`,
  };
}
