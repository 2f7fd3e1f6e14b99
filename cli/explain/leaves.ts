import { isRecord } from '../../schemas/walk.ts';
import type { Segment } from '../paths.ts';

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

/** The value at a place, or undefined. */
export function at(value: unknown, segments: readonly Segment[]): unknown {
  return segments.reduce<unknown>(
    (inner, segment) =>
      typeof inner === 'object' && inner !== null
        ? (inner as Record<Segment, unknown>)[segment]
        : undefined,
    value,
  );
}

/** A copy with another value at one place; everything beside the way there is shared. */
export function withValue<T>(value: T, segments: readonly Segment[], leaf: unknown): T {
  const [first, ...rest] = segments;
  if (first === undefined) return leaf as T;
  const inner = withValue(at(value, [first]), rest, leaf);
  if (Array.isArray(value)) return value.with(Number(first), inner) as T;
  return { ...value, [first]: inner };
}
