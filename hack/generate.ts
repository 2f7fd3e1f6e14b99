/**
 * Makes all that follows from schemas/kinds (CRDs, validators, the field reference), from the
 * policies, from the wire contract, from the chart's values and from the options of the programs.
 * With `--check` nothing is written, and the exit status is 1 if a file is not as it should be.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chartRules, chartSchema } from './generate/chart-policies.ts';
import { chartReadme } from './generate/chart-readme.ts';
import { crds } from './generate/crds.ts';
import { messages } from './generate/messages.ts';
import { options } from './generate/options.ts';
import { renderPolicyDocs } from '../webhook/policies/docs.ts';
import type { Output } from './generate/output.ts';
import { reference } from './generate/reference.ts';
import { validators } from './generate/validators.ts';

const root = new URL('..', import.meta.url);

const outputs: Output[] = [
  ...crds(),
  await messages(),
  ...(await validators()),
  reference(),
  chartReadme(),
  await chartSchema(),
  chartRules(),
  options(),
  { path: 'docs/policies.md', content: renderPolicyDocs() },
];

const stale = outputs.filter(({ path, content }) => {
  const file = new URL(path, root);
  return !existsSync(file) || readFileSync(file, 'utf8') !== content;
});

if (process.argv.includes('--check')) {
  for (const { path } of stale)
    console.error(`${path} is not what its source says: run npm run generate`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const { path, content } of stale) {
    const file = fileURLToPath(new URL(path, root));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    console.log(`wrote ${path}`);
  }
  console.log(
    `${outputs.length - stale.length} of ${outputs.length} generated files were up to date`,
  );
}
