import type { LintResult } from '../lint.ts';
import { renderJson } from './json.ts';
import { renderJunit } from './junit.ts';
import { renderSarif, type SarifOptions } from './sarif.ts';
import { renderText } from './text.ts';

export const FORMATS = ['text', 'json', 'sarif', 'junit'] as const;
export type Format = (typeof FORMATS)[number];

/** A result in one of the formats, with a newline at the end. */
export function render(result: LintResult, format: Format, options: SarifOptions = {}): string {
  switch (format) {
    case 'text':
      return renderText(result);
    case 'json':
      return renderJson(result);
    case 'sarif':
      return renderSarif(result, options);
    case 'junit':
      return renderJunit(result);
  }
}
