/** `1 pooler`, `2 poolers`. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

/** `a`, `a or b`, `a, b or c`. */
export function listed(words: readonly string[], link: 'and' | 'or'): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} ${link} ${words.at(-1) ?? ''}`;
}

/** `one of a, b, c`; at most ten names, sorted; `none exists` for an empty list. */
export function oneOf(names: readonly string[]): string {
  const sorted = [...new Set(names)].toSorted();
  if (sorted.length === 0) return 'none exists';
  const more = sorted.length > 10 ? `, and ${sorted.length - 10} more` : '';
  return `${sorted.length === 1 ? '' : 'one of '}${sorted.slice(0, 10).join(', ')}${more}`;
}
