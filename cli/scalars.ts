/**
 * Plain scalars as kubectl reads them: YAML 1.1 with a few changes of Go's parser. So `on` and `yes`
 * are true, `0755` is 493, but times, dates and base 60 stay text. Seen on kubectl 1.34, which
 * test/integration/cli.test.ts asks again.
 */

const WORDS: Record<string, boolean | null> = Object.fromEntries([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((w) => [
    w,
    true,
  ]),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((w) => [
    w,
    false,
  ]),
  ...['', '~', 'null', 'Null', 'NULL'].map((w) => [w, null]),
]) as Record<string, boolean | null>;

const INFINITE = /^[+-]?\.(inf|Inf|INF)$|^\.(nan|NaN|NAN)$/;
const INTEGER = /^([+-]?)(?:0x([0-9a-fA-F]+)|0b([01]+)|0o?([0-7]+)|(0|[1-9][0-9]*))$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

/** The value of a scalar without quotes and tag. Undefined for infinity and NaN, which JSON lacks. */
export function plainValue(text: string): string | number | boolean | null | undefined {
  if (Object.hasOwn(WORDS, text)) return WORDS[text];
  if (INFINITE.test(text)) return undefined;
  return numberOf(text) ?? text;
}

function numberOf(text: string): number | undefined {
  if (!/^[-+.0-9]/.test(text)) return undefined;
  const digits = text.replaceAll('_', '');
  const [matched, sign, hex, binary, octal, decimal] = INTEGER.exec(digits) ?? [];
  if (matched !== undefined) {
    const prefixed = hex ? `0x${hex}` : binary ? `0b${binary}` : octal ? `0o${octal}` : decimal;
    const size = Number(prefixed);
    return sign === '-' && size !== 0 ? -size : size;
  }
  if (!FLOAT.test(digits)) return undefined;
  const value = Number(digits);
  return Number.isFinite(value) ? value : undefined;
}

/** The value of a scalar with one of YAML's own tags (`!!str`, `!!int`, ...); undefined if it has none. */
export function taggedValue(
  tag: string | undefined,
  text: string,
): { value: string | number | boolean | null | undefined } | undefined {
  switch (tag) {
    case 'tag:yaml.org,2002:binary':
      return { value: Buffer.from(text, 'base64').toString() };
    case 'tag:yaml.org,2002:int':
    case 'tag:yaml.org,2002:float':
    case 'tag:yaml.org,2002:bool':
    case 'tag:yaml.org,2002:null':
      return { value: plainValue(text) };
    case undefined:
      return undefined;
    default:
      return { value: text };
  }
}
