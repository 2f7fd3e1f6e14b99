import type { KubeObject } from '../schemas/k8s.ts';
import { LAST_APPLIED } from '../schemas/labels.ts';
import { parseJson } from '../schemas/text.ts';
import { isRecord } from '../schemas/walk.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The object that `kubectl apply` would make of a stored one: what the file says over what is stored,
 * without what the file said the last time and does not say any more. As in the JSON merge patch that
 * kubectl sends for custom resources, a list of the file replaces the stored one as a whole. Pure.
 */
export function appliedTo(stored: KubeObject, file: KubeObject): KubeObject {
  const last = stored.metadata.annotations?.[LAST_APPLIED];
  return merged(
    (last === undefined ? file : withRecord(file)) as unknown as Fields,
    stored as unknown as Fields,
    saidLast(stored),
  ) as unknown as KubeObject;
}

/** What kubectl sends: the file with its own text for the next time, so never without annotations. */
function withRecord(file: KubeObject): KubeObject {
  const annotations = { ...file.metadata.annotations, [LAST_APPLIED]: JSON.stringify(file) };
  return { ...file, metadata: { ...file.metadata, annotations } };
}

function merged(file: Fields, stored: Fields, last: Fields): Record<string, unknown> {
  const kept = Object.entries(stored).filter(([key]) => {
    if (!Object.hasOwn(file, key)) return !Object.hasOwn(last, key);
    // null in a file takes a field away, once: kubectl does not repeat what it said before
    return file[key] === null && Object.hasOwn(last, key) && last[key] === null;
  });
  const said = Object.entries(file).flatMap(([key, value]) => {
    if (value === null) return [];
    if (!isRecord(value)) return [[key, value]];
    return [[key, merged(value, fieldsOf(stored[key]), fieldsOf(last[key]))]];
  });
  return Object.fromEntries([...kept, ...said]) as Record<string, unknown>;
}

const fieldsOf = (value: unknown): Fields => (isRecord(value) ? value : {});

/** What the file said the last time, as far as the stored object tells; only its keys count, and null. */
function saidLast({ metadata }: KubeObject): Fields {
  const text = metadata.annotations?.[LAST_APPLIED];
  if (text === undefined) return ownedBy((metadata as { managedFields?: unknown }).managedFields);
  return fieldsOf(parseJson(text));
}

/** The controller and the webhook apply what they own; no file says it. */
const OWN_MANAGERS = /^multigres-/;

/**
 * The fields of who applies on the server's side, which leaves no annotation: the only one, or kubectl
 * among several. Where that is not clear, nothing is known to have been said.
 */
function ownedBy(managedFields: unknown): Fields {
  const all = Array.isArray(managedFields) ? managedFields.filter(isRecord) : [];
  const appliers = all.filter(
    ({ operation, subresource, manager }) =>
      operation === 'Apply' && !subresource && !OWN_MANAGERS.test(String(manager)),
  );
  const one =
    appliers.length === 1 ? appliers[0] : appliers.find(({ manager }) => manager === 'kubectl');
  return namesIn(one?.['fieldsV1']);
}

/** `f:spec: { f:cells: {...} }` with plain names. Elements of lists (`k:`, `v:`) do not matter here. */
function namesIn(fieldsV1: unknown): Fields {
  return Object.fromEntries(
    Object.entries(fieldsOf(fieldsV1)).flatMap(([key, inner]) =>
      key.startsWith('f:') ? [[key.slice('f:'.length), namesIn(inner)]] : [],
    ),
  );
}
