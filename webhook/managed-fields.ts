const START = '"managedFields":[{';
const BACKSLASH = 92;
const QUOTE = 34;

/**
 * The same JSON without the bookkeeping of field managers, which no policy looks at: a third of an
 * object as the API server sends it, and of all text the slowest to parse (hardly two of its objects
 * have the same keys). What is not written as the API server writes it, without blanks, stays.
 */
export function withoutManagedFields(json: string): string {
  let rest = '';
  let from = 0;
  let start = json.indexOf(START);
  while (start !== -1) {
    const before = json[start - 1];
    const end = before === ',' || before === '{' ? endOfArray(json, start + START.length - 2) : -1;
    if (end === -1) return json;
    // One of the commas around it goes as well.
    const first = before === '{';
    rest += json.slice(from, first ? start : start - 1);
    from = first && json[end] === ',' ? end + 1 : end;
    start = json.indexOf(START, end);
  }
  return from === 0 ? json : rest + json.slice(from);
}

/** The index after the array that begins at `start`; -1 if it does not end. */
function endOfArray(json: string, start: number): number {
  let depth = 0;
  for (let i = start; i < json.length; i++) {
    switch (json.charCodeAt(i)) {
      case QUOTE:
        i = endOfString(json, i);
        if (i === -1) return -1;
        break;
      case 91: // [
      case 123: // {
        depth++;
        break;
      case 93: // ]
      case 125: // }
        if (--depth === 0) return i + 1;
        break;
      default:
    }
  }
  return -1;
}

/** The index of the quote that ends the string which begins at `start`; -1 if there is none. */
function endOfString(json: string, start: number): number {
  let end = json.indexOf('"', start + 1);
  while (end !== -1) {
    let slashes = 0;
    while (json.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return end;
    end = json.indexOf('"', end + 1);
  }
  return -1;
}
