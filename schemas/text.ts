/** What is written the same way everywhere. */

/** What went wrong, in the words of whoever threw it. */
export const textOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** A moment as Kubernetes writes it: UTC, whole seconds. @param ms since the epoch */
export const isoSeconds = (ms: number): string =>
  new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

/** The parts of a text that commas separate. */
export const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** What a text in JSON says; undefined for any other text, which nothing in JSON is. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
