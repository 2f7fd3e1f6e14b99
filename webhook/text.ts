/** A text in one line, without the control characters that no header and no log line should meet. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
}

/** For the log: what a client wrote, of the length that names have. */
export function short(text: string): string {
  return text.length > 253 ? `${text.slice(0, 250)}...` : text;
}
