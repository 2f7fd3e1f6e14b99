#!/usr/bin/env node
/**
 * Starts the program: from its sources in a checkout, from the bundle in a package. Plain JavaScript
 * for any Node, so that an old one is told what it lacks.
 */
import { existsSync } from 'node:fs';

const [major = 0] = process.versions.node.split('.').map(Number);
const source = new URL('./main.ts', import.meta.url);
const bundle = new URL('../dist/kubectl-multigres.mjs', import.meta.url);

if (major < 24) {
  console.error(
    `kubectl-multigres needs Node 24 or newer, and this is ${process.versions.node}: install one, or run the program from the container image`,
  );
  process.exitCode = 2;
} else if (existsSync(source)) {
  await import(source.href);
} else if (existsSync(bundle)) {
  await import(bundle.href);
} else {
  console.error('kubectl-multigres is not built: run npm run build');
  process.exitCode = 2;
}
