import type { Quantity } from './k8s.ts';
import { comparing, parseWhole } from './number-with-unit.ts';

/**
 * Kubernetes quantities, exact. Values are whole nano units in a bigint, the finest step that
 * Kubernetes keeps; finer fractions are rounded up, away from zero, as there.
 */

const NANO = 1_000_000_000n;

/** Longest exponent accepted; beyond, the API server caps or refuses too. */
const MAX_EXPONENT = 40;

const BINARY: Record<string, bigint> = {
  Ki: 1n << 10n,
  Mi: 1n << 20n,
  Gi: 1n << 30n,
  Ti: 1n << 40n,
  Pi: 1n << 50n,
  Ei: 1n << 60n,
};
/** Nano units per suffix; the finest step is one of them, so each is whole. */
const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['n', 1n],
  ['u', 1_000n],
  ['m', 1_000_000n],
  ['', NANO],
  ...['k', 'M', 'G', 'T', 'P', 'E'].map((s, i) => [s, NANO * 1000n ** BigInt(i + 1)] as const),
  ...Object.entries(BINARY).map(([s, factor]) => [s, NANO * factor] as const),
]);

const PATTERN = /^([+-]?)(?:(\d+)\.?(\d*)|\.(\d+))(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]?|[eE][+-]?\d+)$/;

/** numerator/denominator rounded away from zero for a non-negative numerator. */
const ceilDiv = (numerator: bigint, denominator: bigint): bigint =>
  (numerator + denominator - 1n) / denominator;

/**
 * The same few quantities stand in every manifest, and each review compares dozens: what was parsed
 * lately is kept. As many as that, and none so long that the texts would count.
 */
const LATELY = new Map<string, bigint>();
const MOST_KEPT = 500;
const LONGEST_KEPT = 32;

/** Nano units of `1`, `0.5`, `100m`, `1Gi`, `1e3`, ...; undefined for what is no quantity. */
export const parseQuantity = (quantity: Quantity): bigint | undefined => {
  const text = typeof quantity === 'number' ? String(quantity) : quantity;
  const known = LATELY.get(text);
  if (known !== undefined) return known;
  const value = parseWhole(text, UNITS) ?? parseAny(text);
  if (value !== undefined && text.length <= LONGEST_KEPT) {
    if (LATELY.size === MOST_KEPT) LATELY.clear();
    LATELY.set(text, value);
  }
  return value;
};

const parseAny = (text: string): bigint | undefined => {
  const match = PATTERN.exec(text);
  if (!match) return undefined;
  const [, sign, whole = '', tail = '', bare = '', suffix = ''] = match;
  const fraction = tail + bare;
  const unit = UNITS.get(suffix);
  // a suffix that is no unit is an exponent
  const power = unit === undefined ? Number(suffix.slice(1)) : 0;
  if (Math.abs(power) > MAX_EXPONENT) return undefined;
  const value = BigInt(whole + fraction) * (unit ?? NANO) * 10n ** BigInt(Math.max(power, 0));
  const nanos = ceilDiv(value, 10n ** BigInt(fraction.length + Math.max(-power, 0)));
  return sign === '-' ? -nanos : nanos;
};

/** -1, 0 or 1 by value (`1Gi` equals `1024Mi`); undefined if either is no quantity. */
export const compareQuantity = comparing(parseQuantity);

const roundedUp =
  (unit: bigint) =>
  (quantity: Quantity): number | undefined => {
    const nanos = parseQuantity(quantity);
    if (nanos === undefined) return undefined;
    const value = Number(nanos >= 0n ? ceilDiv(nanos, unit) : nanos / unit);
    return Number.isSafeInteger(value) ? value : undefined;
  };

/** Whole units (bytes, cores), rounded up; undefined if no quantity or beyond exact numbers. */
export const wholeUnits = roundedUp(NANO);

/** Thousandths (milli-cores), rounded up. */
export const milliUnits = roundedUp(NANO / 1000n);
