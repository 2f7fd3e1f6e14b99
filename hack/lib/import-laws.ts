/** Who may import whom: what the folders of this repository promise each other. */
import type { Module } from './modules.ts';

/** Paths are those of a module, or of a folder with `/` at the end and everything below it. */
interface Law {
  /** Whose imports it is about. */
  of: readonly string[];
  /** Nothing of ours but this and what is in `of`. */
  only?: readonly string[];
  /** Not this. */
  never?: readonly string[];
  /** What is in `of` but may. */
  but?: readonly string[];
  why: string;
}

const SHARD = 'controller/shard/';
const shard = (...names: string[]): string[] => names.map((name) => SHARD + name);
/** What reaches out of the process. */
const OUTSIDE = [
  'controller/deps.ts',
  'kube/',
  'controller/rpc/client.ts',
  'controller/topo/client.ts',
];
const CODE = ['schemas/', 'kube/', 'pki/', 'webhook/', 'controller/', 'cli/', 'emulator/', 'hack/'];

export const LAWS: readonly Law[] = [
  { of: ['schemas/'], only: [], why: 'schemas is what everybody builds upon' },
  {
    of: ['kube/', 'pki/'],
    only: ['schemas/'],
    why: 'kube and pki are shared by webhook, controller and cli, and know none of them',
  },
  {
    of: ['webhook/'],
    only: ['schemas/', 'kube/', 'pki/'],
    why: 'the webhook is a program of its own; what it shares with the controller is in schemas, kube or pki',
  },
  {
    of: ['controller/'],
    only: ['schemas/', 'kube/', 'pki/'],
    why: 'the controller is a program of its own; what it shares with the webhook is in schemas, kube or pki',
  },
  {
    of: ['cli/'],
    only: ['schemas/', 'kube/', 'pki/', 'webhook/', 'package.json'],
    why: 'the CLI judges as the webhook does and runs nothing',
  },
  {
    of: ['emulator/'],
    only: ['schemas/', 'controller/proto/', 'controller/rpc/', 'controller/topo/'],
    why: 'the emulator shares the wire formats with the controller and nothing else',
  },
  {
    of: [...CODE, 'test/'],
    never: [
      'webhook/main.ts',
      'controller/main.ts',
      'controller/sweep/main.ts',
      'cli/main.ts',
      'emulator/main.ts',
    ],
    why: 'a main.ts runs when it is imported',
  },
  {
    of: CODE,
    never: shard('reconcile.ts', 'controller.ts'),
    but: ['controller/controllers.ts', ...shard('controller.ts')],
    why: 'the reconcile shell calls and is not called',
  },
  {
    of: shard('state/', 'desired/', 'plan/', 'guards/', 'report/'),
    never: OUTSIDE,
    why: 'what decides is pure: it gets data and gives data',
  },
  {
    of: [SHARD],
    never: ['controller/deps.ts'],
    but: shard('gather/', 'execute/', 'controller.ts', 'reconcile.ts'),
    why: 'gather reads and execute writes; the shell hands deps to them',
  },
  {
    of: shard('state/'),
    never: shard('gather/', 'plan/', 'guards/', 'execute/', 'report/'),
    why: 'state is the vocabulary of all the others; what is desired is part of it',
  },
  {
    of: shard('gather/'),
    never: shard('plan/', 'guards/', 'execute/', 'report/'),
    why: 'gather reads and never decides',
  },
  {
    of: shard('plan/', 'guards/'),
    never: shard('gather/', 'execute/', 'report/'),
    why: 'a decision hangs on the state it is given and on nothing else',
  },
  {
    of: shard('report/'),
    only: [
      'schemas/',
      'controller/observe/',
      'controller/builders/',
      'controller/rpc/types.ts',
      'controller/topo/types.ts',
      ...shard('state/', 'desired/'),
    ],
    why: 'report says what the state is, by pure functions',
  },
];

/**
 * Imports that stand against a law today: `importer -> imported`. Whoever mends one deletes its line;
 * a line that is no longer needed is a fault as well.
 */
export const EXCEPTIONS: readonly string[] = [];

/** What stands against the laws, one sentence each. */
export function brokenLaws(
  modules: readonly Module[],
  laws: readonly Law[] = LAWS,
  exceptions: readonly string[] = EXCEPTIONS,
): string[] {
  const used = new Set<string>();
  const broken: string[] = [];
  for (const { path, imports } of modules) {
    for (const { target, line } of imports) {
      const law = laws.find((one) => breaks(one, path, target));
      if (!law) continue;
      const pair = `${path} -> ${target}`;
      if (exceptions.includes(pair)) used.add(pair);
      else broken.push(`${path}:${line} imports ${target}: ${law.why}`);
    }
  }
  const stale = exceptions.filter((pair) => !used.has(pair));
  return [...broken, ...stale.map((pair) => `hack/lib/import-laws.ts: no such exception: ${pair}`)];
}

const within = (places: readonly string[], path: string): boolean =>
  places.some((place) => (place.endsWith('/') ? path.startsWith(place) : path === place));

function breaks({ of, only, never = [], but = [] }: Law, from: string, to: string): boolean {
  if (!within(of, from) || within(but, from)) return false;
  return within(never, to) || (only !== undefined && !within([...of, ...only], to));
}
