export type Segment = string | number;

/** The parts of `spec.cells[0].podLabels["a/b"]`. */
export function segmentsOfPath(path: string): Segment[] {
  const parts = path.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([^.[\]]+)/g);
  return [...parts].map(([, index, quoted, word]) => {
    if (index !== undefined) return Number(index);
    return quoted === undefined ? (word ?? '') : String(JSON.parse(quoted));
  });
}

/** The parts of a JSON pointer (RFC 6901). Numbers stay text: only the object tells lists from maps. */
export function segmentsOfPointer(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** As a JSON pointer. */
export function pointerOf(segments: readonly Segment[]): string {
  return segments
    .map((segment) => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}
