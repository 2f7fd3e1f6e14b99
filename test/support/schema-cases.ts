import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { parse, parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../schemas/k8s.ts';
import { storedForm } from '../../schemas/stored-form.ts';

/** What shall become of one document of input.yaml, in expected.yaml under its metadata.name. */
export interface Expected {
  /** Of the API server alone. */
  verdict: 'accepted' | 'rejected';
  /** Where the error is. */
  path?: string;
  /** Part of the message. */
  because?: string;
  /** Part of the object as it is stored. */
  stored?: object;
  /** Paths of fields that the API does not have. */
  unknown?: string[];
  /** The verdict with our webhook on, where it differs from that of the API server alone. */
  withWebhook?: 'accepted' | 'rejected';
  /** Why it differs. */
  note?: string;
}

export interface SchemaCase {
  name: string;
  object: KubeObject;
  /** The stored object, with the defaults of the CRD, for changes. */
  old?: KubeObject;
  expected: Expected;
}

const root = new URL('../cases/schema/', import.meta.url);

function objects(file: URL): KubeObject[] {
  if (!existsSync(file)) return [];
  return parseAllDocuments(readFileSync(file, 'utf8')).map((doc) => doc.toJS() as KubeObject);
}

function casesIn(folder: string): SchemaCase[] {
  const dir = new URL(`${folder}/`, root);
  const expectations = parse(readFileSync(new URL('expected.yaml', dir), 'utf8')) as Record<
    string,
    Expected
  >;
  const input = objects(new URL('input.yaml', dir));
  const stored = objects(new URL('old.yaml', dir));
  const named = input.map((object) => object.metadata.name);
  const spare = Object.keys(expectations).filter((name) => !named.includes(name));
  if (spare.length > 0) throw new Error(`${folder}: expected.yaml speaks of ${spare.join(', ')}`);
  return input.map((object) => {
    const { name } = object.metadata;
    const expected = expectations[name];
    if (expected === undefined) throw new Error(`${folder}: expected.yaml says nothing of ${name}`);
    const old = stored.find((other) => other.metadata.name === name);
    return {
      name: `${folder}/${name}`,
      object,
      expected,
      ...(old ? { old: storedForm(old.kind, old) } : {}),
    };
  });
}

/** All cases of test/cases/schema: one for each document of an input.yaml. */
export const schemaCases = (): SchemaCase[] => readdirSync(root).toSorted().flatMap(casesIn);

/** One spelling of a path: the API server writes map keys now as `pools[a]`, now as `pools.a`. */
export const plainPath = (path: string): string => path.replaceAll(/\[([^\]]+)\]/g, '.$1');
