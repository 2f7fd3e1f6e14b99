import { text } from 'node:stream/consumers';
import { TokenBucket } from './bucket.ts';
import { backoffMs, sleep, type Clock } from './clock.ts';
import { KubeError, errorFromNetwork, errorFromResponse, isKubeError } from './errors.ts';
import type { HttpResponse, Transport } from './transport.ts';

interface RequestHooks {
  /** After each request; status 0 means no answer. */
  request?(method: string, status: number): void;
  /** Seconds that a request waited for the rate limit. */
  limited?(method: string, seconds: number): void;
}

export interface RequestOptions {
  transport: Transport;
  clock: Clock;
  random: () => number;
  /** Requests per second on average, and at once. client-go's usual settings for a controller. */
  qps?: number;
  burst?: number;
  /** Deadline of one call, its repetitions included; default 30 s. */
  deadlineMs?: number;
  hooks?: RequestHooks;
}

export interface Call {
  /** In words, for errors: no bodies. */
  what: string;
  method: string;
  path: string;
  body?: unknown;
  contentType?: string;
  /** JSON when absent. */
  accept?: string | undefined;
  /** Whether it may be sent again when it is unknown if it was carried out. */
  repeatable: boolean;
}

const TRIES = 4;
/** By which audit logs and API priority tell us from others. */
const USER_AGENT = 'multigres-operator';
const JSON_TYPE = 'application/json';
const RETRY = { baseMs: 200, maxMs: 5_000, jitter: 0.5 };

export interface Requester {
  /** Waits for the rate limit and sends once; the caller reads the body. */
  send: (call: Call, signal: AbortSignal) => Promise<HttpResponse>;
  /** Sends until there is a final answer or the deadline; JSON or text. Throws KubeError. */
  request: (call: Call) => Promise<unknown>;
}

/** Requests with a rate limit, a deadline, and repetition where it is harmless. */
export function createRequester(options: RequestOptions): Requester {
  const { clock, random, transport } = options;
  const { hooks = {}, deadlineMs = 30_000, qps = 50, burst = 100 } = options;
  const bucket = new TokenBucket(qps, burst, clock.now());

  const send = async (call: Call, signal: AbortSignal): Promise<HttpResponse> => {
    const waitMs = bucket.reserve(clock.now());
    if (waitMs > 0) await sleep(clock, waitMs, signal);
    hooks.limited?.(call.method, waitMs / 1000);
    try {
      const answer = await transport.send({
        method: call.method,
        path: call.path,
        headers: {
          accept: call.accept ?? JSON_TYPE,
          'user-agent': USER_AGENT,
          ...(call.body === undefined ? {} : { 'content-type': call.contentType ?? JSON_TYPE }),
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        signal,
      });
      hooks.request?.(call.method, answer.status);
      return answer;
    } catch (error) {
      hooks.request?.(call.method, 0);
      throw isKubeError(error) ? error : errorFromNetwork(call.what, error);
    }
  };

  const attempt = async (call: Call, signal: AbortSignal): Promise<unknown> => {
    const answer = await send(call, signal);
    const body = await text(answer.body).catch((error: unknown) => {
      throw errorFromNetwork(call.what, error);
    });
    if (answer.status >= 400) {
      throw errorFromResponse(call.what, answer.status, body, answer.headers['retry-after']);
    }
    if (body === '') return undefined;
    return answer.headers['content-type']?.includes('json') ? parse(call.what, body) : body;
  };

  const request = async (call: Call): Promise<unknown> => {
    const endMs = clock.now() + deadlineMs;
    const abort = new AbortController();
    const cancel = clock.after(deadlineMs, () =>
      abort.abort(new Error(`no complete answer within ${deadlineMs / 1000} s`)),
    );
    try {
      for (let tries = 0; ; tries++) {
        try {
          return await attempt(call, abort.signal);
        } catch (error) {
          if (!isKubeError(error, 'busy') || !mayRepeat(call, error)) throw error;
          if (tries + 1 >= TRIES) throw error;
          const waitMs = Math.max(error.retryAfterMs ?? 0, backoffMs(tries, RETRY, random));
          if (clock.now() + waitMs >= endMs) throw error;
          await sleep(clock, waitMs, abort.signal);
        }
      }
    } finally {
      cancel();
    }
  };

  return { send, request };
}

/** A call that may have been carried out is repeated only if that is harmless. */
function mayRepeat(call: Call, error: KubeError): boolean {
  if (call.repeatable) return true;
  // Turned away by the server before it did anything. Evictions answer 429 as their verdict.
  const isTurnedAway = error.status === 429 && error.retryAfterMs !== undefined;
  return isTurnedAway && !call.path.endsWith('/eviction');
}

function parse(what: string, body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    const init = { class: 'bug', status: 200, reason: 'NotJSON', cause } as const;
    throw new KubeError(`${what}: the answer is not JSON`, init);
  }
}
