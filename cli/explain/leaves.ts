import { isRecord } from '../../schemas/walk.ts';
import { valueAt } from '../../webhook/policies/locate.ts';
import type { Segment } from '../../schemas/paths.ts';

/** A value without parts, or an empty list or object, and where it stands. */
export interface Leaf {
  segments: Segment[];
  value: unknown;
}

/** All leaves of a value, in its own order. */
export function leavesOf(value: unknown, segments: Segment[] = []): Leaf[] {
  if (Array.isArray(value) && value.length > 0)
    return value.flatMap((item, i) => leavesOf(item, [...segments, i]));
  if (isRecord(value) && Object.keys(value).length > 0)
    return Object.entries(value).flatMap(([key, item]) => leavesOf(item, [...segments, key]));
  return [{ segments, value }];
}

/** A copy with another value at one place; everything beside the way there is shared. */
export function withValue<T>(value: T, segments: readonly Segment[], leaf: unknown): T {
  const [first, ...rest] = segments;
  if (first === undefined) return leaf as T;
  const inner = withValue(valueAt(value, [first]), rest, leaf);
  if (Array.isArray(value)) return value.with(Number(first), inner) as T;
  return { ...value, [first]: inner };
}
