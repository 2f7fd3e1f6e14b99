import { sameData } from '../schemas/canonical.ts';
import type { KubeObject } from '../schemas/k8s.ts';
import { textOf } from '../schemas/text.ts';
import { StatusRefused } from './apply/status.ts';
import type { Deps } from './deps.ts';
import { isKubeError, type KubeError } from '../kube/errors.ts';
import type { Outcome } from '../kube/queue.ts';
import type { Change } from '../kube/store.ts';
import type { Log } from '../kube/log.ts';
import type { Controller, Key } from './controller.ts';

/** The failures of one key in a row. */
export interface Failure {
  /** What is told to people; the same text is told once. */
  text: string;
  count: number;
  outcome: Outcome;
  error?: unknown;
}

/** Retries after a refusal by validation, RBAC, quota or a policy: people have to act first. */
const REFUSED_MS = 60_000;
/** A status that is refused does not keep its object from being looked after: back-off up to this. */
const STATUS_MS = { first: 1000, longest: 30_000 };
/** In a namespace that is being deleted: its end is near, and each object of it goes by itself. */
const ENDING_MS = 10_000;
/** Overload and restarts are told from the third failure in a row on. */
const BUSY_SILENT = 2;

/** What happens to a key after an error. */
export function outcomeOfError(error: unknown, before: Failure | undefined): Failure {
  const count = (before?.count ?? 0) + 1;
  return { text: textOf(error), count, outcome: outcome(error, count), error };
}

/** The API's refusal behind an error, if there is one. */
function refusal(error: unknown): KubeError | undefined {
  if (isKubeError(error)) return error;
  return error instanceof Error && error.cause !== undefined ? refusal(error.cause) : undefined;
}

function outcome(thrown: unknown, count: number): Outcome {
  if (thrown instanceof StatusRefused) {
    return { kind: 'after', ms: Math.min(STATUS_MS.first * 2 ** (count - 1), STATUS_MS.longest) };
  }
  const error = refusal(thrown);
  if (!error) return { kind: 'retry' };
  switch (error.class) {
    case 'invalid':
    case 'denied':
      // Tried again all the same: what stands beside the refused object has to be looked after.
      return { kind: 'retry', minDelayMs: Math.max(REFUSED_MS, error.retryAfterMs ?? 0) };
    case 'ending':
      return { kind: 'after', ms: ENDING_MS };
    case 'busy':
      return { kind: 'retry', minDelayMs: error.retryAfterMs ?? 0 };
    case 'conflict':
    case 'exists':
    case 'gone':
    case 'bug':
      return { kind: 'retry' };
  }
}

interface Report {
  failure: Failure;
  key: Key;
  controller: Controller;
  object: KubeObject | undefined;
  log: Log;
  deps: Deps;
  durMs: number;
}

/** Log line, metrics and event of a failed reconcile. */
export function reportError(report: Report): void {
  const { failure, key, controller, object, log, deps, durMs } = report;
  const error = refusal(failure.error) ?? failure.error;
  const fields = { err: failure.error, durMs, failures: failure.count };
  const count = (result: string): void =>
    deps.metrics.add('reconcileTotal', { controller: controller.name, result });
  if (isKubeError(error, 'ending')) {
    count('ending');
    log.debug(fields, 'the namespace is being deleted');
    return;
  }
  if (isKubeError(error, 'conflict', 'exists', 'gone')) {
    // Somebody else was faster: the next look will see it.
    count('conflict');
    log.debug(fields, 'changed meanwhile, looking again');
    return;
  }
  count('error');
  deps.metrics.add('reconcileErrors', {
    controller: controller.name,
    name: key.name,
    namespace: key.namespace,
  });
  if (isKubeError(error, 'busy') && failure.count <= BUSY_SILENT) {
    log.debug(fields, 'the Kubernetes API is busy, trying again');
    return;
  }
  if (failure.error instanceof StatusRefused) {
    log.error(fields, 'status refused: what is shown is old');
  } else if (isKubeError(error, 'busy', 'denied', 'invalid')) log.warn(fields, 'reconcile failed');
  else log.error(fields, 'reconcile failed');
  const reason = failure.error instanceof StatusRefused ? 'StatusError' : reasonOf(error);
  if (object) deps.events.event(object, 'Warning', reason, publicText(error));
}

const reasonOf = (error: unknown) =>
  isKubeError(error, 'invalid', 'denied') ? 'FailedApply' : 'ReconcileError';

/** Text for an Event: names fields but repeats no values, which may be secret. */
function publicText(error: unknown): string {
  if (!isKubeError(error, 'invalid')) return textOf(error);
  const fields = error.details.map((cause) => cause.field).filter((field) => field !== '');
  const what = error.message.split(':')[0] ?? 'request';
  return fields.length > 0
    ? `${what}: the API server rejects ${[...new Set(fields)].join(', ')}`
    : `${what}: the API server rejects the content (${error.reason || error.status}); the log of the controller has the text`;
}

/** Changes that no reader can tell from none, such as a new entry of a field manager. */
export function isNoise(change: Change): boolean {
  if (change.type !== 'updated' || !change.old) return false;
  return sameData(withoutVersion(change.old), withoutVersion(change.object));
}

function withoutVersion(object: KubeObject): unknown {
  const { resourceVersion: _version, ...metadata } = object.metadata;
  return { ...object, metadata };
}
