/** T without the keys that may be undefined, those made optional: what is left after `compact`. */
type Compact<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** A shallow copy without the keys whose value is undefined. Null, '', 0, {} and [] stay. */
export const compact = <T extends object>(value: T): Compact<T> => {
  // A plain loop: reviews and reconciles call this hundreds of times each.
  const fields = value as Record<string, unknown>;
  const kept: Record<string, unknown> = {};
  for (const key in fields) {
    if (fields[key] !== undefined) kept[key] = fields[key];
  }
  return kept as Compact<T>;
};

/** As `compact`, at every depth of objects and arrays. For whole manifests before they are sent. */
export const compactDeep = <T>(value: T): T => {
  if (Array.isArray(value)) return value.map((item: unknown) => compactDeep(item)) as T;
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  return Object.fromEntries(entries.map(([k, v]) => [k, compactDeep(v as unknown)])) as T;
};

/** `value` unless it is an object without keys. For optional maps that are left out when empty. */
export const nonEmpty = <T extends object>(value: T | undefined): T | undefined =>
  value === undefined || Object.keys(value).length === 0 ? undefined : value;
