import assert from 'node:assert/strict';
import jsonPatch, { type Operation as PatchOperation } from 'fast-json-patch';
import type { KubeObject } from '../../schemas/k8s.ts';
import { problemText, type Problem } from '../../schemas/problem.ts';
import { resolveCluster } from '../../schemas/resolve/cluster.ts';
import { storedForm } from '../../schemas/stored-form.ts';
import type { MultigresCluster } from '../../schemas/types.ts';
import { unknownFields } from '../../schemas/unknown-fields.ts';
import { validate } from './validate.ts';
import { CLEANUP_USERS } from '../../webhook/configurations.ts';
import { createContext } from '../../webhook/context.ts';
import { mutate } from '../../webhook/mutate.ts';
import { POLICIES } from '../../webhook/policies/index.ts';
import { isTerminating, type Operation, type PolicyKind } from '../../webhook/policies/policy.ts';
import { runPolicies } from '../../webhook/policies/run.ts';
import { describeFinding } from '../../webhook/policies/finding-text.ts';
import type { AdmissionRequest } from '../../webhook/review.ts';
import type { ApiCase, RequestFile } from './api-cases.ts';
import { plainPath } from './schema-cases.ts';
import { CONTROLLER, templatesOf, worldOf } from './worlds.ts';

/** What came of a request, however it was made. */
export interface Outcome {
  verdict: 'allowed' | 'warned' | 'denied';
  by?: 'schema' | 'webhook';
  /** Paths of what the schema refuses. */
  at: string[];
  /** Codes of policies, sorted, each once. */
  denied: string[];
  warned: string[];
  /** All that the user gets to read. */
  text: string;
  stored?: KubeObject;
}

export const TRUSTED = [CONTROLLER, ...CLEANUP_USERS];

/** Does the API server send such a request to our webhooks at all? */
export const isIntercepted = (request: RequestFile): boolean =>
  request.webhook !== false &&
  request.subresource === undefined &&
  !TRUSTED.includes(request.user ?? '');

export const operationOf = ({ request, old }: Pick<ApiCase, 'request' | 'old'>): Operation =>
  request.operation ?? (old ? 'UPDATE' : 'CREATE');

/** Judges a case with nothing but functions: defaults, schema, rules, policies. */
export function pureOutcome(item: ApiCase): Outcome {
  const operation = operationOf(item);
  const { request } = item;
  if (operation === 'DELETE') {
    const old = storedBefore(item);
    return isIntercepted(request) && old ? judge(item, { old }) : accepted();
  }
  const old = storedBefore(item);
  if (request.strict) {
    const unknown = unknownFields(item.input.kind, item.input);
    if (unknown.length > 0) return refusedBySchema(unknown);
  }
  const served = storedForm(item.input.kind, item.input);
  const intercepted = isIntercepted(request);
  const object = intercepted ? mutated(served, old) : served;
  if (request.subresource === 'scale') return accepted();
  const errors = validate(object.kind, object, old);
  if (errors.length > 0) return refusedBySchema(errors);
  const outcome = intercepted ? judge(item, { object, ...(old ? { old } : {}) }) : accepted();
  return outcome.verdict === 'denied' ? outcome : { ...outcome, stored: object };
}

const refusedBySchema = (errors: readonly Problem[]): Outcome => ({
  verdict: 'denied',
  by: 'schema',
  at: errors.map(({ path }) => path),
  denied: [],
  warned: [],
  text: errors.map(problemText).join('\n'),
});

const accepted = (): Outcome => ({
  verdict: 'allowed',
  at: [],
  denied: [],
  warned: [],
  text: '',
});

/** What is stored before the request of a case, with what admission once made of it. */
export function storedBefore(
  item: Pick<ApiCase, 'input' | 'old' | 'request'>,
): KubeObject | undefined {
  if (operationOf(item) === 'DELETE') return storedForm(item.input.kind, item.input);
  return item.old && stored(item.old, item.request.storedAsWritten === true);
}

/** The object as it lies in the store, by way of our defaults or around them. */
const stored = (object: KubeObject, asWritten: boolean): KubeObject => {
  const served = storedForm(object.kind, object);
  return asWritten ? served : mutated(served, undefined);
};

function mutated(object: KubeObject, old: KubeObject | undefined): KubeObject {
  const { patch = [] } = mutate(reviewOf(object, old));
  const copy = structuredClone(object);
  return jsonPatch.applyPatch(copy, patch as PatchOperation[], true).newDocument;
}

export const reviewOf = (object: KubeObject, old?: KubeObject): AdmissionRequest => ({
  uid: 'uid',
  kind: { group: 'multigres.com', version: 'v1alpha1', kind: object.kind },
  name: object.metadata.name,
  namespace: object.metadata.namespace ?? '',
  operation: old ? 'UPDATE' : 'CREATE',
  user: 'kubernetes-admin',
  dryRun: false,
  object,
  ...(old ? { oldObject: old } : {}),
});

function judge(item: ApiCase, subject: { object?: KubeObject; old?: KubeObject }): Outcome {
  const operation = operationOf(item);
  if (isTerminating({ operation, ...subject })) return accepted();
  const judged = runPolicies(
    POLICIES,
    createContext({
      operation,
      kind: item.input.kind as PolicyKind,
      namespace: item.input.metadata.namespace ?? '',
      name: item.input.metadata.name,
      user: item.request.user ?? 'kubernetes-admin',
      trustedUsers: TRUSTED,
      world: worldOf(item.world),
      ...subject,
    }),
  );
  const codes = (mode: 'deny' | 'warn') =>
    distinct(judged.filter((one) => one.mode === mode).map(({ policy }) => policy.code));
  const denied = codes('deny');
  return {
    verdict: denied.length > 0 ? 'denied' : judged.length > 0 ? 'warned' : 'allowed',
    ...(denied.length > 0 ? { by: 'webhook' as const } : {}),
    at: [],
    denied,
    warned: codes('warn'),
    text: judged.map(describeFinding).join('\n'),
  };
}

export const distinct = (texts: readonly string[]): string[] => [...new Set(texts)].toSorted();

/** The API server sometimes names the whole instead of the part, and the other way round. */
const samePlace = (a: string, b: string): boolean => a.startsWith(b) || b.startsWith(a);

/** Compares what came of a case with its expected.yaml. */
export function assertExpected(item: ApiCase, outcome: Outcome): void {
  const { expected } = item;
  const shown = `${outcome.verdict} ${outcome.by ?? ''}: ${outcome.text}`;
  assert.equal(outcome.verdict === 'denied', expected.verdict === 'denied', shown);
  if (expected.verdict === 'warned') assert.equal(outcome.verdict, 'warned', shown);
  if (expected.verdict === 'denied') assert.equal(outcome.by, expected.by, shown);
  const { at } = expected;
  if (at !== undefined) {
    const found = outcome.at.some((path) => samePlace(plainPath(path), plainPath(at)));
    assert.ok(found, `${at} is not in ${outcome.at.join(', ')}`);
  }
  const spoke = expected.verdict === 'denied' ? outcome.denied : outcome.warned;
  for (const code of expected.codes ?? []) assert.ok(spoke.includes(code), `${code}: ${shown}`);
  for (const code of expected.silent ?? []) {
    assert.ok(![...outcome.denied, ...outcome.warned].includes(code), `${code}: ${shown}`);
  }
  for (const part of expected.says ?? []) {
    assert.ok(outcome.text.includes(part), `no "${part}" in ${outcome.text}`);
  }
  if (outcome.stored) assertStored(item, outcome.stored);
}

function assertStored({ expected, old, request, world }: ApiCase, object: KubeObject): void {
  assert.partialDeepStrictEqual(object, expected.stored ?? {});
  for (const path of expected.absent ?? []) assert.equal(at(object, path), undefined, path);
  if (expected.unchanged && old) {
    assert.deepEqual(object['spec'], stored(old, request.storedAsWritten === true)['spec']);
  }
  if (!expected.resolved) return;
  const result = resolveCluster(object as MultigresCluster, templatesOf(world.templates ?? []));
  if (!result.ok) assert.fail(result.problems.map(problemText).join('\n'));
  const found = Object.fromEntries(
    Object.keys(expected.resolved).map((path) => [path, at(result.value, path) ?? null]),
  );
  assert.deepEqual(found, expected.resolved);
}

/** The value at `a.b.0.c`. */
const at = (value: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>(
      (inner, key) =>
        typeof inner === 'object' && inner !== null
          ? (inner as Record<string, unknown>)[key]
          : undefined,
      value,
    );
