/** Exports of the product that nobody takes: dead code, or details of their own file. */
import { ALL, PRODUCT, type Module } from './modules.ts';

/** Made by our generators: they export whatever there is. */
const GENERATED = ['schemas/generated/', 'controller/proto/generated/'];
/**
 * One sentence for each export of the product that no other file takes. What tests alone take keeps
 * nothing alive, but they may look at a part that its own file uses.
 */
export function deadExports(modules: readonly Module[]): string[] {
  const tests = modules.filter(({ path }) => path.startsWith('test/'));
  const others = modules.filter(({ path }) => !path.startsWith('test/'));
  const [taken, tested] = [takenFrom(others), takenFrom(tests)];
  return modules
    .filter(({ path }) => PRODUCT.some((room) => path.startsWith(`${room}/`)))
    .filter(({ path }) => !GENERATED.some((place) => path.startsWith(place)))
    .flatMap(({ path, exports, uses }) =>
      exports.flatMap(({ name, line }) => {
        if (taken(path, name) || (uses.has(name) && tested(path, name))) return [];
        const fix = uses.has(name) ? 'keep it to the file' : 'delete it';
        return [`${path}:${line} exports ${name}, which nothing of the product takes: ${fix}`];
      }),
    );
}

function takenFrom(modules: readonly Module[]): (path: string, name: string) => boolean {
  const taken = new Map<string, Set<string>>();
  for (const { imports } of modules) {
    for (const { target, names } of imports) {
      const known = taken.get(target) ?? new Set();
      for (const name of names) known.add(name);
      taken.set(target, known);
    }
  }
  return (path, name) => {
    const names = taken.get(path);
    return names !== undefined && (names.has(name) || names.has(ALL));
  };
}
