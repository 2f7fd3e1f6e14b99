export type Fleet = ReturnType<typeof createFleet>;

/** Longer than a write takes to show in the informers' caches. */
const RESERVED_MS = 10_000;

/**
 * How many clusters are rolled out at once: reservations close the gap until a first write shows.
 * @param limit largest number of clusters that may be rolled out at once; 0: any number
 */
export const createFleet = (limit: number, now: () => number) => {
  const reserved = new Map<string, number>();
  return {
    limit,
    /** False when the others, with those reserved a moment ago, are as many as may be. */
    reserve(cluster: string, others: readonly string[]): boolean {
      for (const [name, atMs] of reserved) if (now() - atMs > RESERVED_MS) reserved.delete(name);
      const rolling = new Set([...others, ...reserved.keys()]);
      rolling.delete(cluster);
      if (limit > 0 && rolling.size >= limit) return false;
      reserved.set(cluster, now());
      return true;
    },
  };
};
