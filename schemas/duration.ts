/** Go durations (`1m30s`, `500ms`), exact, in nanoseconds. */
import { comparing, parseWhole } from './number-with-unit.ts';

const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  // Both code points for micro: U+00B5 and U+03BC.
  ['µs', 1_000n],
  ['μs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);

/** Largest Go duration: 2^63 - 1 ns, about 292 years. */
const MAX = (1n << 63n) - 1n;

const TERM = /(\d+)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)|\.(\d+)(ns|us|µs|μs|ms|s|m|h)/gu;
const WHOLE = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/u;

/** Nanoseconds; undefined for what Go's ParseDuration refuses. `0` is the one bare number. */
export const parseDuration = (text: string): bigint | undefined => {
  const plain = parseWhole(text, UNITS);
  if (plain !== undefined) return plain > MAX ? undefined : plain;
  if (/^[+-]?0$/.test(text)) return 0n;
  if (!WHOLE.test(text)) return undefined;
  let sum = 0n;
  for (const [, whole = '0', tail = '', unitA, bare = '', unitB] of text.matchAll(TERM)) {
    const unit = UNITS.get(unitA ?? unitB ?? '') ?? 0n;
    const fraction = tail + bare;
    sum += BigInt(whole) * unit;
    if (fraction !== '') sum += (BigInt(fraction) * unit) / 10n ** BigInt(fraction.length);
  }
  if (sum > MAX) return undefined;
  return text.startsWith('-') ? -sum : sum;
};

/** Milliseconds, fractions kept; undefined as `parseDuration`. */
export const durationMs = (text: string): number | undefined => {
  const nanos = parseDuration(text);
  return nanos === undefined ? undefined : Number(nanos) / 1e6;
};

/** -1, 0 or 1; undefined if either is no duration. */
export const compareDuration = comparing(parseDuration);
