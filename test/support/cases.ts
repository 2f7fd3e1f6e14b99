import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments, stringify } from 'yaml';

/** Documents of a YAML file of a case; none if the file is not there. */
export const readDocuments = <T>(file: string): T[] =>
  existsSync(file)
    ? parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS() as T)
    : [];

/** One folder under test/cases: the folder's name is the sentence that must hold. */
export interface Case {
  name: string;
  /** Absolute path of a file of the case. */
  file: (name: string) => string;
}

/** All cases of an area, by name. */
export const casesOf = (area: string): Case[] => {
  const root = new URL(`../cases/${area}/`, import.meta.url);
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({
      name,
      file: (file: string) => fileURLToPath(new URL(`${name}/${file}`, root)),
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
};

/** With UPDATE=1 writes what a case came to as its new expectation, for review in the diff. */
export const updateExpected = (file: string, value: unknown): boolean => {
  if (process.env['UPDATE'] !== '1') return false;
  writeFileSync(file, stringify(value, { lineWidth: 100 }));
  return true;
};
