/** A text in one line, without the control characters that no header and no log line should meet. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
}

/** A text of at most so many characters: the end of a longer one is three dots. */
export const cut = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 3)}...` : text;

/** For the log: what a client wrote, of the length that names have. */
export const short = (text: string): string => cut(text, 253);
