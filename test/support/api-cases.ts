import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { KubeObject } from '../../schemas/k8s.ts';
import { isRecord } from '../../schemas/walk.ts';
import type { Operation } from '../../webhook/policies/policy.ts';
import { readWorldFile, type WorldFile } from './worlds.ts';

/** The request around the object; test/cases/api/README.md says what each field means. */
export interface RequestFile {
  operation?: Operation;
  user?: string;
  webhook?: boolean;
  subresource?: 'status' | 'scale';
  storedAsWritten?: boolean;
  strict?: boolean;
  edited?: boolean;
}

/** What shall come of it. */
export interface ExpectedFile {
  verdict: 'allowed' | 'warned' | 'denied';
  by?: 'schema' | 'webhook';
  /** Of a refusal by the schema: where. */
  at?: string;
  /** Codes of policies that must speak: refusing if the verdict is denied, else warning. */
  codes?: string[];
  /** Codes of policies that must not. */
  silent?: string[];
  /** Parts of the text that a user gets to see. */
  says?: string[];
  /** Part of the object as it is stored. */
  stored?: object;
  /** Dotted paths of what must not be stored. */
  absent?: string[];
  /** The spec as it is stored is the same as that of old.yaml. */
  unchanged?: true;
  /** Values of the resolved cluster by dotted path; null where there is none. */
  resolved?: Record<string, unknown>;
  /** Why we differ from upstream on purpose. */
  differs?: string;
}

export interface ApiCase {
  /** Name of the folder: row, then sentence. */
  name: string;
  /** A12, D3, V50, S1. */
  row: string;
  input: KubeObject;
  old?: KubeObject;
  request: RequestFile;
  world: WorldFile;
  expected: ExpectedFile;
}

export const CASES = new URL('../cases/api/', import.meta.url);
export const NAMESPACE = 'ns';

/** All cases, or those of a folder that is arranged alike. */
export function apiCases(root: URL = CASES): ApiCase[] {
  const common = readWorldFile(new URL('world.yaml', root));
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => readCase(new URL(`${name}/`, root), name, common))
    .toSorted((a, b) => order(a.row) - order(b.row) || (a.name < b.name ? -1 : 1));
}

function readCase(folder: URL, name: string, common: WorldFile): ApiCase {
  const row = /^[ADVS]\d+(?=-)/.exec(name)?.[0];
  if (row === undefined) throw new Error(`${name} does not begin with the id of a row`);
  const read = <T>(file: string): T | undefined => {
    const url = new URL(file, folder);
    return existsSync(url) ? (parse(readFileSync(url, 'utf8')) as T) : undefined;
  };
  const expected = read<ExpectedFile>('expected.yaml');
  const input = read<Patch>('input.yaml');
  if (!expected || !input) throw new Error(`${fileURLToPath(folder)} is not complete`);
  const old = read<Patch>('old.yaml');
  return {
    name,
    row,
    input: complete(input),
    ...(old ? { old: complete(old) } : {}),
    request: read<RequestFile>('request.yaml') ?? {},
    world: completeWorld({ ...common, ...read<WorldFile>('world.yaml') }),
    expected,
  };
}

/** The order of the rows: A1, A2, ..., A10, D1. */
const order = (row: string): number => 'ADVS'.indexOf(row.charAt(0)) * 1000 + Number(row.slice(1));

type Patch = Record<string, unknown> & { base?: string };

/** The base object of all rows. */
const BASES: Record<string, object> = {
  B: {
    kind: 'MultigresCluster',
    metadata: { name: 'm' },
    spec: {
      postgresPasswordSecretRef: { name: 'pw', key: 'password' },
      cells: [{ name: 'z1', zoneId: 'az1' }],
    },
  },
};

/** What a file says in short, in full. */
export function complete(patch: Patch): KubeObject {
  const { base, ...rest } = patch;
  if (base !== undefined && !BASES[base]) throw new Error(`there is no base object ${base}`);
  const object = merge(base === undefined ? {} : BASES[base], expand(rest)) as KubeObject;
  return {
    ...object,
    apiVersion: 'multigres.com/v1alpha1',
    metadata: { ...object.metadata, namespace: NAMESPACE },
  };
}

function completeWorld(world: WorldFile): WorldFile {
  return {
    ...world,
    templates: (world.templates ?? []).map((one) => complete(one as unknown as Patch)),
    clusters: (world.clusters ?? []).map((one) => complete(one as unknown as Patch)),
  } as WorldFile;
}

/** JSON merge patch (RFC 7396). */
function merge(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const merged: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = merge(merged[key], value);
  }
  return merged;
}

/** The three short forms: a long text, many elements, and the one shard that there is. */
function expand(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(expand);
  if (!isRecord(value)) return value;
  const { $repeat, $list, $entries, $shard, times, ...rest } = value;
  if (typeof $repeat === 'string') return $repeat.repeat(Number(times));
  if ($list !== undefined) return numbers(times).map((n) => numbered($list, n));
  if ($entries !== undefined) {
    return Object.fromEntries(
      numbers(times).map((n) => numbered($entries, n) as [string, unknown]),
    );
  }
  const inner = { ...rest, ...(times === undefined ? {} : { times }) };
  const expanded = Object.fromEntries(Object.entries(inner).map(([k, v]) => [k, expand(v)]));
  return $shard === undefined
    ? expanded
    : { ...expanded, databases: databasesWith(expand($shard)) };
}

const numbers = (times: unknown): number[] =>
  Array.from({ length: Number(times) }, (_, i) => i + 1);

const numbered = (item: unknown, n: number): unknown =>
  JSON.parse(JSON.stringify(item).replaceAll('#', String(n)));

const databasesWith = (shard: unknown): unknown => [
  {
    name: 'postgres',
    default: true,
    tablegroups: [
      { name: 'default', default: true, shards: [{ name: '0-inf', ...(shard as object) }] },
    ],
  },
];
