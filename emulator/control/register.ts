/** Registration of a component in its cell's topology. */
import type { Log } from '../log.ts';
import { sleep } from '../role.ts';
import type { Topo } from '../topo.ts';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5000;

export interface Registration {
  topo: Topo;
  cell: string;
  /** Key relative to the cell's root. */
  path: string;
  /** The record; called before each try. */
  encode: () => Uint8Array | Promise<Uint8Array>;
  log: Log;
}

/**
 * Writes the record over any older one, again and again until it is written; the pause grows from 0.2 to 5 s.
 * @returns false when `signal` ended first
 */
export async function register(o: Registration, signal: AbortSignal): Promise<boolean> {
  let pauseMs = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    try {
      const store = await o.topo.cell(o.cell);
      await store.put(o.path, Buffer.from(await o.encode()));
      o.log.info('registered in topology', { path: o.path });
      return true;
    } catch (error) {
      o.log.warn('registration failed, trying again', { path: o.path, error });
    }
    await sleep(pauseMs, signal);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
  return false;
}
