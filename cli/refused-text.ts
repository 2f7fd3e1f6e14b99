/** What in a text kubectl refuses before it comes to values. */

/** What YAML allows nowhere, not even in quotes. */
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\0-\x08\x0B\x0C\x0E-\x1F\x7F-\x84\x86-\x9F\uFFFE\uFFFF]/;

/** The place of the first such character, or -1. JSON has its own ideas of them. */
export const controlCharacter = (text: string): number =>
  text.trimStart().startsWith('{') ? -1 : text.search(CONTROL);

/** Lines of YAML that kubectl, which cuts a text into documents before it reads them, refuses. */
export function refusedLines(text: string): { offset: number; message: string }[] {
  return [...text.matchAll(/^(?:---(?=[^\S\n]*[^\s#])|%(?:YAML|TAG)\b)/gm)].map(
    ({ index, 0: found }) => ({
      offset: index,
      message: found.startsWith('%')
        ? 'kubectl does not take directives: remove the line'
        : 'kubectl takes nothing but a comment behind "---": write it on the next line',
    }),
  );
}
