/**
 * Plain scalars as kubectl reads them: YAML 1.1 with a few changes of Go's parser. So `on` and `yes`
 * are true, `0755` is 493, but times, dates and base 60 stay text. Seen on kubectl 1.34, which
 * test/integration/cli.test.ts asks again.
 */

const words = (text: string, value: boolean | null) =>
  text.split(' ').map((word) => [word, value] as const);

const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ...words('y Y yes Yes YES true True TRUE on On ON', true),
  ...words('n N no No NO false False FALSE off Off OFF', false),
  ...words('~ null Null NULL', null),
  ['', null],
]);

const INFINITE = /^[+-]?\.(inf|Inf|INF)$|^\.(nan|NaN|NAN)$/;
const INTEGER = /^([+-]?)(?:0x([0-9a-fA-F]+)|0b([01]+)|0o?([0-7]+)|(0|[1-9][0-9]*))$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

/** Undefined for infinity and NaN, which JSON lacks. */
type Value = string | number | boolean | null | undefined;

/** The value of a scalar without quotes and tag. */
export function plainValue(text: string): Value {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
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
export function taggedValue(tag: string | undefined, text: string): { value: Value } | undefined {
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
