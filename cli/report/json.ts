import { type LintResult, published } from '../lint.ts';

/** Goes up when a key changes its meaning or goes; new keys may come at any time. */
const FORMAT_VERSION = 1;

/** See docs/cli.md, which describes each key. */
export function renderJson({ verdict, objects, findings, failures }: LintResult): string {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const body = {
    version: FORMAT_VERSION,
    verdict,
    summary: {
      objects: objects.length,
      denied: objects.filter((object) => object.verdict === 'denied').length,
      errors,
      warnings: findings.length - errors,
      failures: failures.length,
    },
    objects,
    findings: findings.map(published),
    failures,
  };
  return `${JSON.stringify(body, null, 2)}\n`;
}
