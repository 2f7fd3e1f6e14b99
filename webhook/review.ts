import type { KubeObject } from '../schemas/k8s.ts';
import { OPERATIONS, type Operation, type PolicyContext } from './policies/policy.ts';
import { compact } from '../schemas/compact.ts';
import { cut, oneLine } from './text.ts';

/** The part of `AdmissionReview.request` (admission.k8s.io/v1) that we read. */
export interface AdmissionRequest {
  uid: string;
  kind: { group: string; version: string; kind: string };
  name: string;
  namespace: string;
  operation: Operation;
  user: string;
  /** The rest of the user's identity, for questions about rights. */
  userUid?: string;
  groups?: readonly string[];
  extra?: Readonly<Record<string, readonly string[]>>;
  dryRun: boolean;
  /** The object as it would be stored; absent on DELETE. */
  object?: KubeObject;
  /** The object as it is stored; absent on CREATE. */
  oldObject?: KubeObject;
  /**
   * The object with what the API server and kubectl note about writes, which hardly any review needs:
   * parsed when it is asked for. Absent where `object` has it.
   */
  wholeObject?: () => unknown;
}

/** What the policies call the object and its old version. */
export function subjectOf({
  operation,
  object,
  oldObject,
}: AdmissionRequest): Pick<PolicyContext, 'operation' | 'object' | 'old'> {
  return compact({ operation, object, old: oldObject });
}

/** What a handler decided. `message` and `causes` are for refusals only. */
export interface Verdict {
  allowed: boolean;
  /** HTTP status shown by the API server for a refusal: 403, 422, 500, ... */
  code?: number;
  reason?: string;
  message?: string;
  causes?: { field: string; message: string; reason: string }[];
  warnings?: string[];
  /** RFC 6902 operations; an empty list is the same as none. */
  patch?: unknown[];
  /** For the audit log; the API server puts the name of the webhook before each key. */
  auditAnnotations?: Record<string, string>;
}

interface AdmissionReview {
  apiVersion: 'admission.k8s.io/v1';
  kind: 'AdmissionReview';
  response: Record<string, unknown>;
}

/** All warnings of a review together, in bytes; beyond, the API server cuts and drops. */
const WARNINGS_TOTAL = 4096;
/** Room for the last one, which tells of those left out. */
const LAST_LENGTH = 120;

/** Thrown for a body that is no AdmissionReview v1; `message` is for the caller. */
export class ReviewError extends Error {
  override name = 'ReviewError';
}

/**
 * Reads an AdmissionReview. Throws `ReviewError` when it is none.
 * @param whole the body again, with what `body` was cut short by
 */
export function parseReview(body: unknown, whole?: () => unknown): AdmissionRequest {
  const review = record(body, 'the body');
  if (review['apiVersion'] !== 'admission.k8s.io/v1' || review['kind'] !== 'AdmissionReview') {
    throw new ReviewError(
      `expected an AdmissionReview of admission.k8s.io/v1, got ${shown(review['kind'])} of ${shown(review['apiVersion'])}`,
    );
  }
  const request = record(review['request'], 'request');
  const kind = record(request['kind'], 'request.kind');
  const asked = text(request['operation'], 'request.operation');
  const operation = OPERATIONS.find((one) => one === asked);
  if (!operation) {
    throw new ReviewError(
      `request.operation ${shown(asked)} is not one of ${OPERATIONS.join(', ')}`,
    );
  }
  const object = kubeObject(request['object'], 'request.object');
  const oldObject = kubeObject(request['oldObject'], 'request.oldObject');
  if (operation === 'DELETE' ? !oldObject : !object) {
    throw new ReviewError(`request.${operation === 'DELETE' ? 'oldObject' : 'object'} is missing`);
  }
  if (operation === 'UPDATE' && !oldObject) throw new ReviewError('request.oldObject is missing');
  return {
    uid: text(request['uid'], 'request.uid'),
    kind: {
      group: optionalText(kind['group'], 'request.kind.group'),
      version: optionalText(kind['version'], 'request.kind.version'),
      kind: text(kind['kind'], 'request.kind.kind'),
    },
    // Absent in the deletion of a collection, although each of its objects is reviewed by itself.
    name:
      optionalText(request['name'], 'request.name') || ((object ?? oldObject)?.metadata.name ?? ''),
    namespace: optionalText(request['namespace'], 'request.namespace'),
    operation,
    ...identity(record(request['userInfo'] ?? {}, 'request.userInfo')),
    dryRun: request['dryRun'] === true,
    ...(object && operation !== 'DELETE' ? { object } : {}),
    ...(whole ? { wholeObject: () => objectOf(whole()) } : {}),
    ...(oldObject && operation !== 'CREATE' ? { oldObject } : {}),
  };
}

const objectOf = (review: unknown): unknown =>
  (review as { request: { object?: unknown } }).request.object;

function identity(
  user: Record<string, unknown>,
): Pick<AdmissionRequest, 'user' | 'userUid' | 'groups' | 'extra'> {
  const { groups, extra } = user;
  const userUid = optionalText(user['uid'], 'request.userInfo.uid');
  const lists = Object.entries(record(extra ?? {}, 'request.userInfo.extra')).map(
    ([key, values]) => [key, texts(values, `request.userInfo.extra of ${shown(key)}`)] as const,
  );
  return {
    user: optionalText(user['username'], 'request.userInfo.username'),
    ...(userUid === '' ? {} : { userUid }),
    ...(groups ? { groups: texts(groups, 'request.userInfo.groups') } : {}),
    ...(lists.length > 0 ? { extra: Object.fromEntries(lists) } : {}),
  };
}

/**
 * An object or undefined. Its metadata is checked here, as the API server alone defines it; what
 * else an object holds is for its schema to say.
 */
function kubeObject(value: unknown, what: string): KubeObject | undefined {
  if (value === null || value === undefined) return undefined;
  const object = record(value, what);
  const metadata = record(object['metadata'], `${what}.metadata`);
  for (const key of ['name', 'namespace', 'uid', 'deletionTimestamp']) {
    optionalText(metadata[key], `${what}.metadata.${key}`);
  }
  texts(metadata['finalizers'] ?? [], `${what}.metadata.finalizers`);
  const owners = metadata['ownerReferences'] ?? [];
  if (!Array.isArray(owners)) {
    throw new ReviewError(`${what}.metadata.ownerReferences must be a list`);
  }
  for (const owner of owners) record(owner, `each of ${what}.metadata.ownerReferences`);
  for (const key of ['labels', 'annotations']) {
    const map = record(metadata[key] ?? {}, `${what}.metadata.${key}`);
    for (const entry in map) optionalText(map[entry], `${what}.metadata.${key} of ${shown(entry)}`);
  }
  return value as KubeObject;
}

/** Builds the answer: echoes the uid, encodes the patch, keeps warnings within the limit. */
export function buildReview(uid: string, verdict: Verdict): AdmissionReview {
  const response: Record<string, unknown> = { uid, allowed: verdict.allowed };
  const warnings = limitWarnings(verdict.warnings ?? []);
  if (verdict.auditAnnotations) response['auditAnnotations'] = verdict.auditAnnotations;
  if (warnings.length > 0) response['warnings'] = warnings;
  if (verdict.allowed && verdict.patch && verdict.patch.length > 0) {
    response['patchType'] = 'JSONPatch';
    response['patch'] = Buffer.from(JSON.stringify(verdict.patch)).toString('base64');
  }
  if (!verdict.allowed) {
    response['status'] = {
      code: verdict.code ?? 403,
      reason: verdict.reason ?? 'Forbidden',
      message: verdict.message ?? '',
      ...(verdict.causes ? { details: { causes: verdict.causes } } : {}),
    };
  }
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response };
}

/**
 * One line for each warning: the API server, and kubectl over a whole file, show equal lines once, so
 * a warning in pieces would lose some. Stops before 4096 bytes in all, saying how many were left out.
 */
export function limitWarnings(warnings: readonly string[]): string[] {
  const out: string[] = [];
  let total = 0;
  for (const [index, warning] of warnings.entries()) {
    const line = oneLine(warning);
    const size = Buffer.byteLength(line);
    if (total + size > WARNINGS_TOTAL - LAST_LENGTH) {
      const rest = warnings.length - index;
      out.push(
        `${rest} more warning${rest === 1 ? '' : 's'} left out here: see kubectl multigres lint`,
      );
      return out;
    }
    total += size;
    out.push(line);
  }
  return out;
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ReviewError(`${what} must be a JSON object`);
  }
  return value as Record<string, unknown>;
}

function text(value: unknown, what: string): string {
  if (typeof value !== 'string' || value === '') throw new ReviewError(`${what} is missing`);
  return value;
}

function optionalText(value: unknown, what: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw new ReviewError(`${what} must be a string`);
  return value;
}

function texts(value: unknown, what: string): string[] {
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) {
    throw new ReviewError(`${what} must be a list of strings`);
  }
  return value;
}

/** Somebody else's value in a text of ours: short, and nothing but printable characters. */
function shown(value: unknown): string {
  return oneLine(cut(typeof value === 'string' ? value : typeof value, 80));
}
