/** Sets of numbers as sorted ranges that do not touch: rows of a client are mostly without gaps. */

/** Both ends belong to it. */
export type Range = readonly [first: number, last: number];
export type Ranges = readonly Range[];

export function rangesOf(numbers: Iterable<number>): Range[] {
  const ranges: [number, number][] = [];
  for (const number of [...numbers].toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && number <= last[1] + 1) last[1] = Math.max(last[1], number);
    else ranges.push([number, number]);
  }
  return ranges;
}

export const countOf = (ranges: Ranges): number =>
  ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);

/** What is in `all` and not in `taken`. */
export function without(all: Ranges, taken: Ranges): Range[] {
  const left: Range[] = [];
  let at = 0;
  for (const [first, last] of all) {
    let from = first;
    while (at < taken.length && (taken[at]?.[1] ?? 0) < from) at++;
    for (let i = at; i < taken.length && from <= last; i++) {
      const [start, end] = taken[i] ?? [0, 0];
      if (start > last) break;
      if (start > from) left.push([from, start - 1]);
      from = Math.max(from, end + 1);
    }
    if (from <= last) left.push([from, last]);
  }
  return left;
}

export const textOf = (ranges: Ranges): string =>
  ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
