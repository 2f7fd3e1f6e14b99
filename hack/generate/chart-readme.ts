/** The table of values in chart/README.md, from the comments in chart/values.yaml. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Output } from './output.ts';

export interface ChartValue {
  /** Keys from the root, as in `--set`: `webhook.replicas`. */
  path: string;
  /** Its comment, in one line. */
  summary: string;
  default: unknown;
}

const START = '<!-- values: made from values.yaml, by npm run generate -->';
const END = '<!-- end of values -->';

/**
 * The documented values in the order of the file. A value is documented by comment lines right above its
 * key, of which the first begins with `# -- `; keys below it belong to it.
 */
export function chartValues(text: string): ChartValue[] {
  const root = parse(text) as Record<string, unknown>;
  const values: ChartValue[] = [];
  const parents: { indent: number; key: string }[] = [];
  let comment: string[] = [];
  for (const line of text.split('\n')) {
    const words = /^ *# ?(.*)$/.exec(line)?.[1];
    const key = /^( *)([A-Za-z]\w*):/.exec(line);
    if (words !== undefined) {
      if (words.startsWith('-- ')) comment = [words.slice(3)];
      else if (comment.length > 0) comment.push(words);
      continue;
    }
    if (key) {
      const indent = key[1]?.length ?? 0;
      while ((parents.at(-1)?.indent ?? -1) >= indent) parents.pop();
      parents.push({ indent, key: key[2] ?? '' });
      const keys = parents.map((parent) => parent.key);
      if (comment.length > 0) {
        const found = keys.reduce<unknown>(
          (value, name) => (value as Record<string, unknown>)[name],
          root,
        );
        values.push({ path: keys.join('.'), summary: comment.join(' '), default: found });
      }
    }
    comment = [];
  }
  return values;
}

/** The table in Markdown. */
export function valuesTable(values: readonly ChartValue[]): string {
  const rows = values.map(({ path, summary, default: value }) => {
    const text = typeof value === 'string' && value !== '' ? value : JSON.stringify(value);
    return `| \`${path}\` | \`${text}\` | ${summary.replaceAll('|', '\\|')} |`;
  });
  return ['| Value | Default | Meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

export function chartReadme(): Output {
  const chart = new URL('../../chart/', import.meta.url);
  const readme = readFileSync(new URL('README.md', chart), 'utf8');
  const [start, end] = [readme.indexOf(START), readme.indexOf(END)];
  if (start === -1 || end < start) {
    throw new Error(`chart/README.md lacks the lines "${START}" and "${END}" around its table`);
  }
  const table = valuesTable(chartValues(readFileSync(new URL('values.yaml', chart), 'utf8')));
  return {
    path: 'chart/README.md',
    content: `${readme.slice(0, start)}${START}\n\n${table}\n\n${readme.slice(end)}`,
  };
}
