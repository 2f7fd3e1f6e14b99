/** What the clients met between two moments: pure sums over the ledger's records. */
import type { Failed, LedgerRecord, Lost, Refused } from './records.ts';

export interface Window {
  name: string;
  /** Milliseconds since the epoch; `to` does not belong to it. */
  from: number;
  to: number;
}

/** One way of failing, and how often. */
export interface Failure {
  /** SQLSTATE, or the error code of the network. */
  code: string;
  text: string;
  count: number;
}

export interface WindowReport extends Window {
  acknowledged: number;
  /** Longest time that one client was without an acknowledged row, ms. Its own pause between rows is in it. */
  longestPauseMs: number;
  /** Longest time in which no client had a row acknowledged, ms. */
  allPausedMs: number;
  /** Statements that failed; those in the next field are not among them. */
  failed: Failure[];
  /** Connections that could not be made. */
  refused: Failure[];
  /** Connections that ended with no statement under way. */
  lost: number;
  /** Connections made anew. */
  reconnects: number;
  /** What befell connections whose gateway itself ended: counted apart, for no gateway can prevent it. */
  gatewayEnds: { failed: number; refused: number; lost: number; longestPauseMs: number };
}

export type Mishap = Failed | Refused | Lost;

export const isMishap = (record: LedgerRecord): record is Mishap =>
  record.kind === 'failed' || record.kind === 'refused' || record.kind === 'lost';

/** Sums up a window. `ofGateway` says whether a mishap came from the end of the client's own gateway. */
export function summarize(
  window: Window,
  records: readonly LedgerRecord[],
  clients: number,
  ofGateway: (mishap: Mishap) => boolean,
): WindowReport {
  const inside = records.filter(({ at }) => at >= window.from && at < window.to);
  const mishaps = inside.filter(isMishap);
  const ends = new Set(mishaps.filter(ofGateway));
  const others = mishaps.filter((mishap) => !ends.has(mishap));
  const acknowledged = inside.filter(({ kind }) => kind === 'acknowledged');
  const report: WindowReport = {
    ...window,
    acknowledged: acknowledged.length,
    longestPauseMs: 0,
    allPausedMs: Math.max(...gaps(window, acknowledged).map(lengthOf)),
    failed: grouped(others.filter(({ kind }) => kind === 'failed')),
    refused: grouped(others.filter(({ kind }) => kind === 'refused')),
    lost: others.filter(({ kind }) => kind === 'lost').length,
    reconnects: inside.filter(({ kind }) => kind === 'connected').length,
    gatewayEnds: {
      failed: [...ends].filter(({ kind }) => kind === 'failed').length,
      refused: [...ends].filter(({ kind }) => kind === 'refused').length,
      lost: [...ends].filter(({ kind }) => kind === 'lost').length,
      longestPauseMs: 0,
    },
  };
  for (let client = 0; client < clients; client++) {
    const own = acknowledged.filter((record) => 'client' in record && record.client === client);
    for (const gap of gaps(window, own)) {
      const apart = [...ends].some(
        (end) => end.client === client && end.at >= gap[0] && end.at <= gap[1],
      );
      const at = apart ? report.gatewayEnds : report;
      at.longestPauseMs = Math.max(at.longestPauseMs, lengthOf(gap));
    }
  }
  return report;
}

type Gap = readonly [from: number, to: number];
const lengthOf = ([from, to]: Gap): number => to - from;

/** Times between successes, the first and the last one reaching to the window's bounds. */
function gaps({ from, to }: Window, successes: readonly { at: number }[]): Gap[] {
  const times = [from, ...successes.map(({ at }) => at), to].toSorted((a, b) => a - b);
  return times.slice(1).map((time, i): Gap => [times[i] ?? time, time]);
}

function grouped(mishaps: readonly Mishap[]): Failure[] {
  const found = new Map<string, Failure>();
  for (const mishap of mishaps) {
    const code = 'code' in mishap ? mishap.code : 'none';
    const key = `${code} ${mishap.text}`;
    const known = found.get(key);
    if (known) known.count++;
    else found.set(key, { code, text: mishap.text, count: 1 });
  }
  return [...found.values()].toSorted((a, b) => b.count - a.count);
}

export const total = (failures: readonly Failure[]): number =>
  failures.reduce((sum, { count }) => sum + count, 0);

/** The report in one line, for people. */
export function tell(report: WindowReport): string {
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  const list = (failures: readonly Failure[]): string =>
    failures.map(({ code, text, count }) => `${count} x ${code} ${text}`).join('; ');
  const { failed, refused, gatewayEnds: ends } = report;
  const apart = ends.failed + ends.refused + ends.lost;
  return [
    `${report.name}: ${report.acknowledged} rows in ${seconds(report.to - report.from)}`,
    `longest pause of a client ${seconds(report.longestPauseMs)}, of all ${seconds(report.allPausedMs)}`,
    `${total(failed)} failed statements${failed.length ? ` (${list(failed)})` : ''}`,
    ...(refused.length ? [`${total(refused)} refused connections (${list(refused)})`] : []),
    ...(report.lost ? [`${report.lost} idle connections lost`] : []),
    ...(apart
      ? [
          `apart, by a gateway's own end: ${ends.failed} failed, ${ends.refused} refused, ${ends.lost} lost, longest pause ${seconds(ends.longestPauseMs)}`,
        ]
      : []),
  ].join(', ');
}
