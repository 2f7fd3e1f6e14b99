import { parseJson } from '../schemas/text.ts';

/** A piece of a text and where it begins in it. */
interface Piece {
  start: number;
  text: string;
}

/**
 * Splits JSON objects that follow one another with nothing in between, as `jq` writes them and kubectl
 * reads them. Any other text is one piece: documents of YAML are not its business.
 */
export function jsonTexts(text: string): Piece[] {
  const starts = objectStarts(text);
  const pieces = starts.map((start, i) => ({ start, text: text.slice(start, starts[i + 1]) }));
  // YAML may follow the last one
  const areJson = pieces.slice(0, -1).every((piece) => isJson(piece.text));
  return pieces.length > 1 && areJson ? pieces : [{ start: 0, text }];
}

/** Where objects in braces begin, as long as there is only white space between them. */
function objectStarts(text: string): number[] {
  const starts: number[] = [];
  for (let at = nextBrace(text, 0); at !== undefined;) {
    starts.push(at);
    const end = objectEnd(text, at);
    at = end === undefined ? undefined : nextBrace(text, end);
  }
  return starts;
}

/** The place of a brace that only white space precedes. */
function nextBrace(text: string, from: number): number | undefined {
  const blank = /[\s\u{FEFF}]*/uy;
  blank.lastIndex = from;
  const at = from + (blank.exec(text)?.[0].length ?? 0);
  return text[at] === '{' ? at : undefined;
}

/** The place behind the brace that ends the object which begins at `start`. */
function objectEnd(text: string, start: number): number | undefined {
  const token = /"(?:[^"\\]|\\.)*"|[{}]/gs;
  token.lastIndex = start;
  let depth = 0;
  for (let found = token.exec(text); found; found = token.exec(text)) {
    if (found[0] === '{') depth += 1;
    else if (found[0] === '}') depth -= 1;
    if (depth === 0) return token.lastIndex;
  }
  return undefined;
}

const isJson = (text: string): boolean => parseJson(text.replace(/^\u{FEFF}/u, '')) !== undefined;
