/** How an API server puts a patch and an object together. Pure; shares what does not change. */
type Fields = Record<string, unknown>;

const isMap = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** RFC 7386: null removes, objects merge, anything else replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return patch;
  const merged: Fields = isMap(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

/** Lists that several writers share: an applied entry joins those of others. */
const SHARED_LISTS: Record<string, (entry: unknown) => unknown> = {
  ownerReferences: (entry) => (isMap(entry) ? entry['uid'] : entry),
  finalizers: (entry) => entry,
};

function mergeShared(key: string, base: unknown, last: unknown, wanted: unknown): unknown {
  const idOf = SHARED_LISTS[key];
  if (!idOf || !Array.isArray(wanted)) return wanted;
  const ids = (list: unknown): Set<unknown> => new Set(Array.isArray(list) ? list.map(idOf) : []);
  const own = ids(wanted);
  const dropped = ids(last);
  const others = (Array.isArray(base) ? base : []).filter(
    (entry) => !own.has(idOf(entry)) && !dropped.has(idOf(entry)),
  );
  return [...others, ...(wanted as unknown[])];
}

/** What is left of `base` without the fields that were applied before and are no longer wanted. */
function withoutDropped(base: Fields, last: unknown, wanted: Fields): Fields {
  if (!isMap(last)) return base;
  const left = { ...base };
  for (const [key, value] of Object.entries(last)) {
    if (key in wanted || !(key in left)) continue;
    const inner = left[key];
    const rest = isMap(value) && isMap(inner) ? withoutDropped(inner, value, {}) : {};
    if (Object.keys(rest).length > 0) left[key] = rest;
    else delete left[key];
  }
  return left;
}

/**
 * Server-side apply of one manager that always forces: `wanted` wins, what it applied before (`last`) and
 * does not name any more goes, fields of others stay. Lists are replaced as a whole, but for owners and
 * finalizers. A map of which nothing is left, although it is wanted empty, becomes null as on a real server.
 */
export function applySet(base: unknown, last: unknown, wanted: Fields): Fields {
  const before = isMap(base) ? base : {};
  const merged = withoutDropped(before, last, wanted);
  const lastFields = isMap(last) ? last : {};
  for (const [key, value] of Object.entries(wanted)) {
    if (!isMap(value)) {
      merged[key] = mergeShared(key, merged[key], lastFields[key], value);
      continue;
    }
    const inner = applySet(merged[key], lastFields[key], value);
    const emptied =
      Object.keys(inner).length === 0 && Object.keys((lastFields[key] ?? {}) as Fields).length > 0;
    merged[key] = emptied ? null : inner;
  }
  return merged;
}
