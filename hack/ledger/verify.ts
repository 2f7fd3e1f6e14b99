/** Every acknowledged row must be in the primary and, once replayed, in each standby. */
import { until } from '../lib/run.ts';
import { poolPods, type World } from '../lifecycle/world.ts';
import { positionOf, rowsOf, untilReplayed } from './read-back.ts';
import { countOf, type Range, rangesOf, textOf, without } from './ranges.ts';
import type { LedgerRecord } from './records.ts';

export interface Copy {
  pod: string;
  primary: boolean;
  /** Acknowledged rows that it does not have, as ranges of each client. */
  missing: Record<string, Range[]>;
}

export interface Verification {
  acknowledged: number;
  /** Statements whose outcome no client knows. */
  inDoubt: number;
  /** Of those, the ones whose row is there: allowed. */
  inDoubtThere: number;
  copies: Copy[];
}

type Rows = Map<number, Range[]>;

/** Rows of each client with a record of this kind. */
function rowsBy(records: readonly LedgerRecord[], kind: 'acknowledged' | 'failed'): Rows {
  const numbers = new Map<number, number[]>();
  for (const record of records) {
    if (record.kind !== kind) continue;
    const own = numbers.get(record.client);
    if (own) own.push(record.seq);
    else numbers.set(record.client, [record.seq]);
  }
  return new Map([...numbers].map(([client, own]) => [client, rangesOf(own)]));
}

const count = (rows: Rows): number =>
  [...rows.values()].reduce((sum, ranges) => sum + countOf(ranges), 0);

/** Pool pods that run. */
async function runningPods(world: World): Promise<string[]> {
  return (await poolPods(world))
    .filter((pod) => pod.metadata.deletionTimestamp === undefined)
    .filter((pod) => pod.status?.phase === 'Running')
    .map(({ metadata }) => metadata.name);
}

/**
 * Reads back from every running pool pod. A pod that gives no answer, or does not catch up with the
 * primary, within `timeoutMs` makes it throw.
 */
export async function verify(
  world: World,
  run: string,
  records: readonly LedgerRecord[],
  timeoutMs: number,
): Promise<Verification> {
  const { kubectl, namespace } = world;
  const acknowledged = rowsBy(records, 'acknowledged');
  const doubtful = rowsBy(records, 'failed');
  const { pods, lsn, primaries } = await until(
    'one primary among the pool pods',
    timeoutMs,
    async () => {
      const names = await runningPods(world);
      const positions = await Promise.all(
        names.map(async (pod) => ({ pod, ...(await positionOf(kubectl, namespace, pod)) })),
      );
      const leading = positions.filter(({ primary }) => primary);
      const [leader] = leading;
      if (!leader || leading.length > 1) {
        throw new Error(`primaries: ${leading.map(({ pod }) => pod).join(', ') || 'none'}`);
      }
      return { pods: names, lsn: leader.lsn, primaries: new Set([leader.pod]) };
    },
  );
  const copies: Copy[] = [];
  let inDoubtThere = 0;
  for (const pod of pods) {
    const primary = primaries.has(pod);
    if (!primary) await untilReplayed(kubectl, { namespace, pod }, lsn, timeoutMs);
    const there = await until(`the rows of pod ${namespace}/${pod}`, timeoutMs, () =>
      rowsOf(kubectl, namespace, pod, run),
    );
    const missing: Record<string, Range[]> = {};
    for (const [client, rows] of acknowledged) {
      const lost = without(rows, there.get(client) ?? []);
      if (lost.length > 0) missing[client] = lost;
    }
    copies.push({ pod, primary, missing });
    if (!primary) continue;
    for (const [client, rows] of doubtful) {
      inDoubtThere += countOf(rows) - countOf(without(rows, there.get(client) ?? []));
    }
  }
  return { acknowledged: count(acknowledged), inDoubt: count(doubtful), inDoubtThere, copies };
}

/** What is missing where, in words; empty when nothing is. */
export function lostRows({ copies }: Verification): string[] {
  return copies.flatMap(({ pod, primary, missing }) =>
    Object.entries(missing).map(
      ([client, ranges]) =>
        `${primary ? 'primary' : 'standby'} ${pod} lacks rows ${textOf(ranges)} of client ${client}`,
    ),
  );
}
