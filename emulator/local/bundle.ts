/** The emulator as one file, as the image carries it. */
import { build } from 'esbuild';

/** CommonJS packages inside an ES module bundle ask for `require`. */
const BANNER = `import { createRequire as emulatorRequire } from 'node:module'; const require = emulatorRequire(import.meta.url);`;

/** Bundles emulator/main.ts. @param outfile ends in .mjs */
export async function bundleEmulator(outfile: string): Promise<void> {
  await build({
    entryPoints: [new URL('../main.ts', import.meta.url).pathname],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    banner: { js: BANNER },
    external: ['pg-native'],
    logLevel: 'error',
  });
}
