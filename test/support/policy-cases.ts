import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { KubeObject } from '../../schemas/k8s.ts';
import { storedForm } from '../../schemas/stored-form.ts';
import { sameJson } from '../../schemas/canonical.ts';
import type { Outcome } from './api-outcome.ts';
import type { RequestFile } from './api-cases.ts';
import { readWorldFile, type WorldFile } from './worlds.ts';

/** A case of one policy under test/cases/policies. */
export interface PolicyCase {
  policy: string;
  name: string;
  input: KubeObject;
  old?: KubeObject;
  request: RequestFile;
  world: WorldFile;
  verdict: 'allowed' | 'warned' | 'denied';
}

const ROOT = new URL('../cases/policies/', import.meta.url);

const folders = (url: URL): string[] =>
  readdirSync(url, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

export function policyCases(): PolicyCase[] {
  const common = readWorldFile(new URL('world.yaml', ROOT));
  return folders(ROOT).flatMap((policy) =>
    folders(new URL(`${policy}/`, ROOT)).map((name) => {
      const folder = new URL(`${policy}/${name}/`, ROOT);
      const read = <T>(file: string): T | undefined => {
        const url = new URL(file, folder);
        return existsSync(url) ? (parse(readFileSync(url, 'utf8')) as T) : undefined;
      };
      const [input, old] = [read<KubeObject>('input.yaml'), read<KubeObject>('old.yaml')];
      const expected = read<{ verdict: PolicyCase['verdict'] }>('expected.yaml');
      if (!input || !expected) throw new Error(`${policy}/${name} is not complete`);
      return {
        policy,
        name,
        input,
        ...(old ? { old } : {}),
        // what is stored may be what no webhook would let in today
        request: { ...read<RequestFile>('request.yaml'), storedAsWritten: true },
        world: { ...common, ...readWorldFile(new URL('world.yaml', folder)) },
        verdict: expected.verdict,
      };
    }),
  );
}

/** A change to what the API server would have filled in by itself is none there. */
export function isChange({ old, input }: PolicyCase): boolean {
  const spec = (object: KubeObject): unknown => storedForm(object.kind, object).spec;
  return old === undefined || sameJson(old.spec, input.spec) || !sameJson(spec(old), spec(input));
}

/** `policy/name` of cases that an API server never lets reach their policy; with older CRDs, it is asked. */
export const behindTheSchema: ReadonlySet<string> = new Set(
  parse(readFileSync(new URL('behind-the-schema.yaml', ROOT), 'utf8')) as string[],
);

/** What one policy said of a request. */
export function verdictOf(outcome: Outcome, code: string): PolicyCase['verdict'] {
  if (outcome.denied.includes(code)) return 'denied';
  return outcome.warned.includes(code) ? 'warned' : 'allowed';
}
