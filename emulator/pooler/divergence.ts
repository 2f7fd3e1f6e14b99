/** Has this standby written what its leader never had? Timelines and their fork points. Pure. */

/** `16/B374D848` as a number of bytes. */
export function lsnBytes(text: string | null | undefined): bigint {
  const found = /^([0-9A-F]+)\/([0-9A-F]+)$/i.exec(text ?? '');
  return found ? (BigInt(`0x${found[1]}`) << 32n) + BigInt(`0x${found[2]}`) : 0n;
}

/** Where a timeline history (`<tli>\t<lsn>\t<reason>` per line) left timeline `tli`; undefined when it never was on it. */
export function forkPoint(history: string, tli: number): bigint | undefined {
  for (const line of history.split('\n')) {
    const [id, lsn] = line.trim().split(/\s+/);
    if (Number(id) === tli && id !== '') return lsnBytes(lsn);
  }
  return undefined;
}

/**
 * @param mine own timeline and last position
 * @param leader the leader's timeline and its history file ('' on timeline 1)
 */
export function diverged(
  mine: { tli: number; lsn: string },
  leader: { tli: number; history: string },
): boolean {
  if (mine.tli === leader.tli) return false;
  if (mine.tli > leader.tli) return true;
  const fork = forkPoint(leader.history, mine.tli);
  return fork === undefined || lsnBytes(mine.lsn) > fork;
}
