import type { LintResult } from '../lint.ts';
import { renderJson } from './json.ts';
import { renderJunit } from './junit.ts';
import { renderSarif } from './sarif.ts';
import { renderText } from './text.ts';

export const FORMATS = ['text', 'json', 'sarif', 'junit'] as const;
export type Format = (typeof FORMATS)[number];

export interface RenderOptions {
  /** Base of the address of the docs, for formats that link to them: `https://.../docs/`. */
  docsUrl?: string;
  /** The folder that names of files are relative to, for formats that name files by URIs; absolute. */
  folder?: string;
}

/** A result in one of the formats, with a newline at the end. */
export function render(result: LintResult, format: Format, options: RenderOptions = {}): string {
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
