import { parseJson, textOf } from '../schemas/text.ts';
import { isRecord } from '../schemas/walk.ts';

/**
 * Every failure of the Kubernetes API as one class of error with one of eight meanings, so that
 * callers decide by meaning and never by HTTP status.
 */

/**
 * - `conflict`: the object changed since it was read: read again and retry
 * - `exists`: an object of that name is there already
 * - `gone`: the object, kind or watch position is no longer there
 * - `invalid`: the server rejects the content: no retry until the content changes
 * - `denied`: RBAC, quota or an admission webhook says no
 * - `ending`: the namespace is being deleted and takes nothing new: nothing to do but wait for its end
 * - `busy`: overload, restart or network: retry later, see `retryAfterMs`
 * - `bug`: anything that was not foreseen
 */
export type ErrorClass =
  'conflict' | 'exists' | 'gone' | 'invalid' | 'denied' | 'ending' | 'busy' | 'bug';

/** One field that the server rejected. `field` is a JSON path; `message` may repeat the value. */
export interface ErrorCause {
  field: string;
  reason: string;
  message: string;
}

interface KubeErrorInit {
  class: ErrorClass;
  /** HTTP status; 0 when no answer came. */
  status: number;
  /** The `reason` of the Status body, such as `AlreadyExists`, or the network error code. */
  reason: string;
  details?: ErrorCause[];
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

export class KubeError extends Error {
  readonly class: ErrorClass;
  readonly status: number;
  readonly reason: string;
  readonly details: readonly ErrorCause[];
  /** What the server asked for in `Retry-After`, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, init: KubeErrorInit) {
    super(message, init);
    this.name = 'KubeError';
    this.class = init.class;
    this.status = init.status;
    this.reason = init.reason;
    this.details = init.details ?? [];
    this.retryAfterMs = init.retryAfterMs;
  }
}

/** True when `error` is a KubeError of one of the given classes. */
export function isKubeError(error: unknown, ...classes: ErrorClass[]): error is KubeError {
  return error instanceof KubeError && (classes.length === 0 || classes.includes(error.class));
}

const BY_STATUS: Record<number, ErrorClass> = {
  400: 'invalid',
  401: 'denied',
  403: 'denied',
  404: 'gone',
  408: 'busy',
  409: 'conflict',
  410: 'gone',
  413: 'invalid',
  422: 'invalid',
  429: 'busy',
  502: 'busy',
  503: 'busy',
  504: 'busy',
};

/** Reason of the cause by which the API server refuses what is new in a namespace that is being deleted. */
const NAMESPACE_TERMINATING = 'NamespaceTerminating';

/** Meaning of a refused request. `causes`: the reasons in the details of the answer. */
export function classify(
  status: number,
  reason: string,
  message: string,
  causes: readonly string[] = [],
): ErrorClass {
  if (status === 403 && causes.includes(NAMESPACE_TERMINATING)) return 'ending';
  if (status === 409 && reason === 'AlreadyExists') return 'exists';
  // A webhook that does not answer is reported as an internal error: it is down, not wrong.
  if (status === 500 && /failed calling webhook|etcdserver|context deadline/.test(message)) {
    return 'busy';
  }
  return BY_STATUS[status] ?? 'bug';
}

interface StatusBody {
  message?: string;
  reason?: string;
  details?: { retryAfterSeconds?: number; causes?: Partial<ErrorCause>[] };
}

function retryAfter(header: string | undefined, status: StatusBody): number | undefined {
  const seconds = Number(header ?? status.details?.retryAfterSeconds);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

/**
 * The error for an HTTP answer of 400 and above.
 * @param what the request in words, such as `apply Service demo/web`; never contains object bodies
 */
export function errorFromResponse(
  what: string,
  status: number,
  body: string,
  retryAfterHeader?: string,
): KubeError {
  const answer = parseJson(body);
  const parsed: StatusBody = isRecord(answer) ? answer : {};
  const reason = parsed.reason ?? '';
  const message = parsed.message ?? body.slice(0, 200);
  const details = (parsed.details?.causes ?? []).map((cause) => ({
    field: cause.field ?? '',
    reason: cause.reason ?? '',
    message: cause.message ?? '',
  }));
  const causes = details.map((cause) => cause.reason);
  return new KubeError(`${what}: ${message || `HTTP ${status}`}`, {
    class: classify(status, reason, message, causes),
    status,
    reason,
    details,
    retryAfterMs: retryAfter(retryAfterHeader, parsed),
  });
}

/** The error for a request that got no answer: refused, reset, timed out, bad certificate. */
export function errorFromNetwork(what: string, cause: unknown): KubeError {
  const code = networkCode(cause);
  const text = textOf(cause);
  return new KubeError(`${what}: ${text}${code && !text.includes(code) ? ` (${code})` : ''}`, {
    class: 'busy',
    status: 0,
    reason: code,
    cause,
  });
}

function networkCode(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.cause === undefined ? error.name : networkCode(error.cause);
}
