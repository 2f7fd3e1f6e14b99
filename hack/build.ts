/**
 * Bundles our programs into dist/: one file each, no node_modules beside it. Tree shaking is what
 * keeps the controller's memory under its limit (measured: 76 instead of 125 MiB for the client).
 */
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');

const PROGRAMS = {
  webhook: 'webhook/main.ts',
  controller: 'controller/main.ts',
  sweep: 'controller/sweep/main.ts',
  'kubectl-multigres': 'cli/main.ts',
  emulator: 'emulator/main.ts',
} as const;
export type Program = keyof typeof PROGRAMS;

/**
 * pino asks for the files that called it, to find transports beside them, which we have none of. With
 * source maps enabled the question makes Node read the whole map: 40 MiB for the life of the process.
 */
const pinoWithoutCallers: Plugin = {
  name: 'pino-without-callers',
  setup(bundle) {
    bundle.onLoad({ filter: /\/pino\/lib\/caller\.js$/ }, () => ({
      contents: 'module.exports = () => [];',
    }));
  },
};

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  sourcemap: true,
  sourcesContent: false,
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'linked',
  logLevel: 'warning',
  plugins: [pinoWithoutCallers],
  // CommonJS dependencies call require and read __dirname
  banner: {
    js: [
      "import { createRequire as __createRequire } from 'node:module';",
      'const require = __createRequire(import.meta.url);',
      'const __dirname = import.meta.dirname;',
      'const __filename = import.meta.filename;',
    ].join(' '),
  },
};

/** Builds the named programs (default: all that exist) and returns their paths. */
export async function buildBundles(
  programs: Program[] = Object.keys(PROGRAMS) as Program[],
): Promise<Record<string, string>> {
  const outputs: Record<string, string> = {};
  for (const name of programs) {
    const entry = path.join(root, PROGRAMS[name]);
    if (!existsSync(entry)) throw new Error(`${PROGRAMS[name]} is missing`);
    const outfile = path.join(root, 'dist', `${name}.mjs`);
    await build({ ...common, entryPoints: [entry], outfile });
    outputs[name] = outfile;
  }
  return outputs;
}

if (import.meta.main) {
  const asked = process.argv.slice(2) as Program[];
  if (asked.length === 0) rmSync(path.join(root, 'dist'), { recursive: true, force: true });
  const built = await buildBundles(asked.length > 0 ? asked : undefined);
  for (const file of Object.values(built)) console.log(path.relative(root, file));
}
