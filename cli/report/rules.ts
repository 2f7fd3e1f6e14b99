import { POLICIES } from '../../webhook/policies/index.ts';
import type { Check } from '../judge.ts';

/** What a check is about, for formats that list them. */
export interface RuleInfo {
  id: string;
  /** PascalCase, as SARIF wants names. */
  name: string;
  summary: string;
  markdown: string;
  level: 'error' | 'warning';
  /** Place in the docs folder. */
  anchor: string;
}

const OWN: Record<Exclude<Check, `MG${string}`>, Pick<RuleInfo, 'summary' | 'level'>> = {
  kind: { summary: 'The object is of a kind and version that the API has.', level: 'error' },
  metadata: {
    summary: 'Name, labels and annotations are as Kubernetes wants them.',
    level: 'error',
  },
  'unknown-field': { summary: 'Every field is one that the API has.', level: 'error' },
  'duplicate-key': { summary: 'No key is there twice in one mapping.', level: 'warning' },
  schema: { summary: 'Types, lengths, patterns and counts are as in the CRD.', level: 'error' },
  rule: { summary: 'The CEL rules of the CRD hold.', level: 'error' },
};

const pascal = (id: string): string =>
  id
    .split('-')
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('');

/** All checks: those of the API server, then the policies in the order of their codes. */
export function ruleInfos(): RuleInfo[] {
  const own = Object.entries(OWN).map(([id, { summary, level }]) => ({
    id,
    name: pascal(id),
    summary,
    level,
    markdown: summary,
    anchor: `cli.md#${id}`,
  }));
  const policies = POLICIES.map(({ id, code, mode, summary, description, good, bad }) => ({
    id: code,
    name: pascal(id),
    summary,
    level: mode === 'deny' ? ('error' as const) : ('warning' as const),
    markdown: `${description}\n\nPasses:\n\n\`\`\`yaml\n${good}\n\`\`\`\n\nDoes not:\n\n\`\`\`yaml\n${bad}\n\`\`\`\n`,
    anchor: `policies.md#${id}`,
  }));
  return [...own, ...policies];
}
