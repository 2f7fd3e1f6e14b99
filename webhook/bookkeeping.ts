import { LAST_APPLIED } from '../schemas/labels.ts';

const MANAGED_FIELDS = Buffer.from('"managedFields":[{');
const LAST_TEXT = Buffer.from(`"${LAST_APPLIED}":"`);

const QUOTE = 34;
const COMMA = 44;
const OPEN_LIST = 91;
const BACKSLASH = 92;
const CLOSE_LIST = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;

/**
 * The text of JSON in UTF-8 without what kubectl and the API server note about writes: the names of
 * fields by manager, and the text of the last client-side apply. No policy looks at them, together they
 * are two thirds of an object as the API server sends it, and of all text the slowest to parse (hardly
 * two objects of the first have the same keys, and the second is full of escapes). Bytes are looked at,
 * so that only the rest is decoded. What is not written as the API server writes it, without blanks,
 * stays.
 */
export function withoutBookkeeping(json: Buffer): string {
  let rest = '';
  let from = 0;
  let applied = json.indexOf(LAST_TEXT);
  let managed = json.indexOf(MANAGED_FIELDS);
  while (applied !== -1 || managed !== -1) {
    const isApplied = applied !== -1 && (managed === -1 || applied < managed);
    const start = isApplied ? applied : managed;
    const end =
      1 +
      (isApplied
        ? endOfString(json, start + LAST_TEXT.length - 1)
        : endOfArray(json, start + MANAGED_FIELDS.length - 2));
    const before = json[start - 1];
    if (end === 0 || (before !== COMMA && before !== OPEN_OBJECT)) return json.toString('utf8');
    // One of the commas around it goes as well: the one behind it where nothing is left before it.
    const first = before === OPEN_OBJECT || start === from;
    rest += json.toString('utf8', from, first ? start : start - 1);
    from = first && json[end] === COMMA ? end + 1 : end;
    if (applied !== -1 && applied < end) applied = json.indexOf(LAST_TEXT, end);
    if (managed !== -1 && managed < end) managed = json.indexOf(MANAGED_FIELDS, end);
  }
  return rest + json.toString('utf8', from);
}

/** The index of the bracket that ends the array which begins at `start`; -1 if there is none. */
function endOfArray(json: Buffer, start: number): number {
  let depth = 0;
  for (let i = start; i < json.length; i++) {
    const code = json[i];
    if (code === QUOTE) {
      // Written out: a call for each of hundreds of short strings takes as long as reading them.
      for (i++; i < json.length; i++) {
        const inner = json[i];
        if (inner === QUOTE) break;
        if (inner === BACKSLASH) i++;
      }
    } else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      depth++;
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) {
      if (--depth === 0) return i;
    }
  }
  return -1;
}

/** The index of the quote that ends the string which begins at `start`; -1 if there is none. */
function endOfString(json: Buffer, start: number): number {
  for (let i = start + 1; i < json.length; i++) {
    const code = json[i];
    if (code === QUOTE) return i;
    if (code === BACKSLASH) i++;
  }
  return -1;
}
