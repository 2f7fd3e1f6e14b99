/** The figures of the lifecycle bench and how they are shown. */
import { total, type WindowReport } from '../../ledger/window.ts';
import { quantile } from '../stats.ts';

export interface Round {
  /** From the request until the cluster was whole again and its status said so, ms. */
  totalMs: number;
  window: WindowReport;
}

export interface Figures {
  operation: string;
  planned: boolean;
  rounds: number;
  /** Longest time of one client without an acknowledged row, seconds. */
  pause: { p50: number; p95: number; max: number };
  /** The same for clients whose own gateway ended; 0 when none did. */
  gatewayPauseMax: number;
  /** In all rounds together: statements, connections. */
  failedStatements: number;
  refusedConnections: number;
  gatewayEnds: number;
  total: { p50: number; p95: number; max: number };
  lostRows: number;
}

const seconds = (ms: number): number => Math.round(ms / 100) / 10;

function spread(values: readonly number[]): Figures['pause'] {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (q: number): number => seconds(quantile(sorted, q));
  return { p50: at(0.5), p95: at(0.95), max: at(1) };
}

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

export function figures(
  { name, planned }: { name: string; planned: boolean },
  rounds: readonly Round[],
  lostRows: number,
): Figures {
  const windows = rounds.map(({ window }) => window);
  return {
    operation: name,
    planned,
    rounds: rounds.length,
    pause: spread(windows.map(({ longestPauseMs }) => longestPauseMs)),
    gatewayPauseMax: seconds(
      Math.max(0, ...windows.map(({ gatewayEnds }) => gatewayEnds.longestPauseMs)),
    ),
    failedStatements: sum(windows.map(({ failed }) => total(failed))),
    refusedConnections: sum(windows.map(({ refused }) => total(refused))),
    gatewayEnds: sum(windows.map(({ gatewayEnds: e }) => e.failed + e.refused + e.lost)),
    total: spread(rounds.map(({ totalMs }) => totalMs)),
    lostRows,
  };
}

const COLUMNS: [title: string, cell: (f: Figures) => string | number][] = [
  ['operation', (f) => f.operation],
  ['rounds', (f) => f.rounds],
  ['pause p50, s', (f) => f.pause.p50],
  ['p95', (f) => f.pause.p95],
  ['max', (f) => f.pause.max],
  ['failed statements', (f) => f.failedStatements],
  ['refused connections', (f) => f.refusedConnections],
  ['by a gateway’s own end (longest pause, s)', (f) => `${f.gatewayEnds} (${f.gatewayPauseMax})`],
  ['whole again p50, s', (f) => f.total.p50],
  ['p95', (f) => f.total.p95],
  ['lost rows', (f) => f.lostRows],
];

export function markdown(all: readonly Figures[]): string {
  const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [
    row(COLUMNS.map(([title]) => title)),
    row(COLUMNS.map((_, i) => (i === 0 ? '---' : '---:'))),
    ...all.map((figure) => row(COLUMNS.map(([, cell]) => cell(figure)))),
  ].join('\n');
}
