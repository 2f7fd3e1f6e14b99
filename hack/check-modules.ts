/** Holds our modules against the laws of who imports whom. Exit status 1 if one is broken. */
import { brokenLaws } from './lib/import-laws.ts';
import { readModules } from './lib/modules.ts';
import { ROOT } from './lib/run.ts';

const faults = brokenLaws(await readModules(ROOT));
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
