/** The last reading of the cluster, renewed when it is asked for; nobody waits long for it. */

export interface SnapshotOptions<T> {
  read(): Promise<T>;
  now(): number;
  /** A reading younger than this is good enough, ms. */
  maxAgeMs: number;
  /** Longest wait for a new reading, ms: a kubelet's probe gives up after 1 s. */
  patienceMs: number;
}

/** Gives the newest reading there is; undefined while there is none. Readings never overlap. */
export function keepSnapshot<T>(o: SnapshotOptions<T>): () => Promise<T | undefined> {
  let last: { value: T; atMs: number } | undefined;
  let running: Promise<void> | undefined;
  return async () => {
    if (last === undefined || o.now() - last.atMs > o.maxAgeMs) {
      running ??= o
        .read()
        .then((value) => void (last = { value, atMs: o.now() }))
        .catch(() => {})
        .finally(() => (running = undefined));
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, o.patienceMs)));
      await Promise.race([running, late]);
      clearTimeout(timer);
    }
    return last?.value;
  };
}
