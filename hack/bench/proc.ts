/** What Linux knows of a process, and running one on a core of its own. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import os from 'node:os';

const TASKSET = '/usr/bin/taskset';
/** Linux counts CPU time for /proc in hundredths of a second on every architecture that Node runs on. */
const TICK_MS = 10;

/** Which core the webhook gets, and which its load; undefined where a process cannot be held to one. */
export function cores(): { webhook?: number; load?: number } {
  if (!existsSync(TASKSET) || os.cpus().length < 2) return {};
  return { webhook: 1, load: 0 };
}

/** Starts a program, held to `core` where there is one. The process id is that of the program. */
export function spawnOn(
  core: number | undefined,
  program: string,
  args: string[],
  options: SpawnOptions,
): ChildProcess {
  return core === undefined
    ? spawn(program, args, options)
    : spawn(TASKSET, ['-c', String(core), program, ...args], options);
}

/** CPU time that a process has used in user and system mode, in milliseconds, exact to 10. */
export async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // the second field is the program's name in brackets and may hold blanks
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Resident memory of a process now and at most, in MiB. */
export async function rssMiB(pid: number): Promise<{ now: number; peak: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const read = (field: string): number => {
    const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    return Math.round(Number(kib) / 102.4) / 10;
  };
  return { now: read('VmRSS'), peak: read('VmHWM') };
}
