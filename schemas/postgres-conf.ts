/** How PostgreSQL reads a postgresql.conf: what admission judges and the controller renders. */
import { PORTS } from './ports.ts';

/** What the parser of postgresql.conf makes of a backslash and what follows it. */
const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

const unescaped = (code: string): string =>
  /^[0-7]/.test(code) ? String.fromCodePoint(parseInt(code, 8) % 256) : (ESCAPES[code] ?? code);

const unquoted = (value: string): string =>
  value.startsWith("'")
    ? value
        .slice(1, value.endsWith("'") && value.length > 1 ? -1 : undefined)
        .replaceAll(/''|\\([0-7]{1,3}|.)/g, (_, code?: string) =>
          code === undefined ? "'" : unescaped(code),
        )
    : value;

/** Text up to a `#` that is not inside quotes. */
const withoutComment = (text: string): string => {
  let inside = false;
  for (let i = 0; i < text.length; i += 1) {
    if (text[i] === "'") inside = !inside;
    else if (text[i] === '\\' && inside) i += 1;
    else if (text[i] === '#' && !inside) return text.slice(0, i);
  }
  return text;
};

/** As the lexer of PostgreSQL reads them: letters, also beyond ASCII, digits and underscores. */
const LETTER = 'A-Za-z_\\u0080-\\uffff';
const NAME = `[${LETTER}][\\w$\\u0080-\\uffff]*`;
/** One token: quoted, a word, a whole number with or without its unit, a number with a fraction. */
const VALUE = [
  String.raw`'(?:[^'\\]|\\.|'')*'`,
  `[${LETTER}][\\w.:/\\u0080-\\uffff-]*`,
  String.raw`[+-]?(?:0x[\da-fA-F]+|\d+)[A-Za-z]*`,
  String.raw`[+-]?\d*\.\d*(?:[eE][+-]?\d+)?`,
].join('|');
const LINE = new RegExp(String.raw`^(${NAME}(?:\.${NAME})?)(?:\s*=\s*|\s+|(?=['+-]))(.*)$`);
const TOKEN = new RegExp(`^(?:${VALUE})$`);

/** Settings of a file: lower-case names, plain values; the last line of a name wins. */
export const parseSettings = (text: string): Map<string, string> => {
  const settings = new Map<string, string>();
  for (const raw of text.split('\n')) {
    const match = LINE.exec(withoutComment(raw).trim());
    if (match?.[1] !== undefined) {
      settings.set(match[1].toLowerCase(), unquoted((match[2] ?? '').trim()));
    }
  }
  return settings;
};

/** Numbers, from 1, of the lines that hold no setting and that Postgres would refuse to start on. */
export const strayLines = (text: string): number[] =>
  text.split('\n').flatMap((raw, i) => {
    const line = withoutComment(raw).trim();
    return line === '' || TOKEN.test(LINE.exec(line)?.[2] ?? '') ? [] : [i + 1];
  });

/** Values that repeat what pgctld sets anyway; a copied postgresql.conf often holds them. */
export const HARMLESS: Readonly<Record<string, string>> = {
  port: `${PORTS.multipooler.postgres}`,
  listen_addresses: '*',
  wal_level: 'logical',
};
