/** Registration of a component in its cell's topology. */
import type { Log } from '../log.ts';
import { sleep } from '../role.ts';
import type { Topo } from '../topo.ts';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5000;

/**
 * Writes the record over any older one, again and again until it is written; the pause grows from 0.2 to 5 s.
 * @param encode called before each try @returns false when `signal` ended first
 */
export async function register(
  topo: Topo,
  cell: string,
  path: string,
  encode: () => Uint8Array | Promise<Uint8Array>,
  log: Log,
  signal: AbortSignal,
): Promise<boolean> {
  let pauseMs = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    try {
      const store = await topo.cell(cell);
      await store.put(path, Buffer.from(await encode()));
      log.info('registered in topology', { path });
      return true;
    } catch (error) {
      log.warn('registration failed, trying again', { path, error });
    }
    await sleep(pauseMs, signal);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
  return false;
}
