import type { Clock } from '../kube/clock.ts';

interface RecentOptions {
  clock: Pick<Clock, 'now'>;
  /** How old an answer may be, in milliseconds; that there is nothing (null) has its own age. */
  foundMs: number;
  missingMs: number;
}

/** Answers that are kept at most; when there are more, the oldest go. */
const KEPT = 500;

/**
 * For look-ups that many reviews repeat and that may be known a moment late: reads of the same key at
 * the same time are one, and the answer is kept for a while. Failures are not kept.
 */
export function recentReads<T>({
  clock,
  foundMs,
  missingMs,
}: RecentOptions): (key: string, read: () => Promise<T | null>) => Promise<T | null> {
  const kept = new Map<string, { answer: Promise<T | null>; untilMs: number }>();
  const readNow = async (key: string, read: () => Promise<T | null>): Promise<T | null> => {
    const startMs = clock.now();
    try {
      const found = await read();
      const entry = kept.get(key);
      if (entry) entry.untilMs = startMs + (found === null ? missingMs : foundMs);
      return found;
    } catch (error) {
      kept.delete(key);
      throw error;
    }
  };
  return (key, read) => {
    const known = kept.get(key);
    if (known && clock.now() < known.untilMs) return known.answer;
    const answer = readNow(key, read);
    kept.delete(key);
    kept.set(key, { answer, untilMs: Infinity });
    const [oldest] = kept.keys();
    if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
    return answer;
  };
}
