import { POLICIES } from './index.ts';
import type { Policy } from './policy.ts';

/** docs/policies.md: one section per policy, in the order of the list. */
export function renderPolicyDocs(): string {
  return `<!-- Generated from webhook/policies by \`npm run generate\`. Do not edit. -->

# Policies

Every write of a Multigres object is judged by these policies before it is stored. A policy that
denies refuses the request; one that warns lets it pass and says why it may go wrong. All findings are
shown at once, denials first: where, what stands there, what is wrong, what is allowed, what to do,
and the code of the policy, which leads to its section here.

Nothing is judged when an object is being deleted, or when only its metadata changes (labels,
annotations, finalizers; objects that the operator writes are the exception). What the schemas of the
CRDs refuse by themselves is not repeated here.

| Code | Policy | Mode | Objects | On |
| --- | --- | --- | --- | --- |
${POLICIES.map(row).join('\n')}

${POLICIES.map(section).join('\n')}`;
}

function row(policy: Policy): string {
  const { code, id, mode, kinds, operations } = policy;
  return `| ${code} | [${id}](#${id}) | ${mode} | ${kinds.join(', ')} | ${operations.join(', ')} |`;
}

function section({ id, code, mode, summary, description, good, bad }: Policy): string {
  return `## ${id}

**${code}** (${mode === 'deny' ? 'denies' : 'warns'}): ${summary}

${description}

Passes:

\`\`\`yaml
${good}
\`\`\`

${mode === 'deny' ? 'Refused' : 'Warned about'}:

\`\`\`yaml
${bad}
\`\`\`
`;
}
