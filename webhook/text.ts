/** A text in one line, without the control characters that no header and no log line should meet. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
}
