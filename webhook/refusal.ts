import type { IncomingMessage, ServerResponse } from 'node:http';
import { compact } from '../schemas/compact.ts';
import { ReviewError } from './review.ts';
import { oneLine, short } from './text.ts';

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

/** A refusal by HTTP status; `message` is for the caller. */
export class HttpError extends Error {
  override name = 'HttpError';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface RefusalDeps {
  onError: (error: unknown, request: { path: string; uid?: string }) => void;
  /** Told of each request for a review that is answered, or cut off, before it becomes one. */
  onRefused?: (refusal: Refusal) => void;
}

/** A request that failed, and how far it came. */
interface Failed {
  req: IncomingMessage;
  path: string;
  /** `performance.now()` at its start. */
  beganMs: number | undefined;
  /** As far as it could be read. */
  body?: unknown;
}

/** Answers a request that failed with its HTTP status and a text that says why. */
export function refuse(deps: RefusalDeps, failed: Failed, error: unknown, res: ServerResponse) {
  const { req, path, beganMs } = failed;
  const known = refusalOf(error);
  if (!known) {
    deps.onError(error, { path });
    sendText(res, 500, 'internal error');
    return;
  }
  const [status, why] = known;
  const bytes = Number(req.headers['content-length']);
  const contentType = req.headers['content-type'];
  deps.onRefused?.({
    status,
    why,
    path,
    ...(Number.isNaN(bytes) ? {} : { bytes }),
    ...(contentType === undefined ? {} : { contentType: short(contentType) }),
    ...knownOf(failed.body),
    ...(beganMs === undefined ? {} : { ms: Math.round(performance.now() - beganMs) }),
  });
  sendText(res, status, why, status === 405 ? { Allow: 'POST' } : {});
}

/** Sends a text, unless an answer has begun already. */
export function sendText(
  res: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (res.headersSent) return;
  res.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    ...headers,
  });
  res.end(text);
}

/** Status and text for what is the client's fault; undefined for what is ours. */
function refusalOf(error: unknown): [number, string] | undefined {
  if (error instanceof HttpError) return [error.status, error.message];
  if (error instanceof ReviewError) return [400, error.message];
  const { type, status } = error as { type?: string; status?: number };
  if (type === 'entity.too.large') return [413, tooLarge((error as { limit: number }).limit)];
  if (type === 'request.aborted')
    return [400, 'the client was cut off, or went away, before the end of the body'];
  if (status === 415) return [415, 'the body must be JSON in UTF-8, plain or compressed by gzip'];
  if (status === undefined || status < 400 || status >= 500) return undefined;
  return [status, 'the request body is not valid JSON'];
}

/** Why a body of more bytes than that is refused. */
export const tooLarge = (limit: number): string => `the request body is larger than ${limit} bytes`;

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
