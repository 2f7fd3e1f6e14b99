/** Holds our modules against the laws of who imports whom, and looks for exports that nobody takes. */
import { deadExports } from './lib/dead-exports.ts';
import { brokenLaws } from './lib/import-laws.ts';
import { readModules } from './lib/modules.ts';
import { ROOT } from './lib/run.ts';

const modules = await readModules(ROOT);
const faults = [...brokenLaws(modules), ...deadExports(modules)];
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
