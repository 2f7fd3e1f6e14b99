/** Digits whose value a number holds exactly. */
const EXACT_DIGITS = 15;

/**
 * A whole number with one unit (`256Mi`, `30s`), in the units of `units`: what nearly everybody
 * writes, without the regular expressions that all spellings need. Undefined for anything else.
 */
export const parseWhole = (
  text: string,
  units: ReadonlyMap<string, bigint>,
): bigint | undefined => {
  let length = 0;
  let value = 0;
  for (; length < text.length; length++) {
    const digit = text.charCodeAt(length) - 48;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  if (length === 0 || length > EXACT_DIGITS) return undefined;
  const unit = units.get(text.slice(length));
  return unit === undefined ? undefined : BigInt(value) * unit;
};

/** Compares what two texts mean: -1, 0 or 1; undefined if `parse` makes nothing of one of them. */
export const comparing =
  <T>(parse: (text: T) => bigint | undefined) =>
  (a: T, b: T): -1 | 0 | 1 | undefined => {
    const [left, right] = [parse(a), parse(b)];
    if (left === undefined || right === undefined) return undefined;
    if (left === right) return 0;
    return left < right ? -1 : 1;
  };
