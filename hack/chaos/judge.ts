/** What a round is judged by, and how the run is shown: pure. */
import type { Election } from '../ledger/rules.ts';
import { total, type WindowReport } from '../ledger/window.ts';

export interface RoundResult {
  round: number;
  fault: string;
  detail: string;
  window: WindowReport;
  /** From the begin of the fault until the cluster was whole again, ms. */
  wholeMs: number;
  elections: Election[];
  /** Elections against a leader that nothing had hit. */
  unjustified: Election[];
  lostRows: string[];
  /** Why the cluster did not become whole in time; empty when it did. */
  broken: string;
}

/** Two orchestrators may each have begun an election before the other one's was over. */
const SAME_ELECTION_MS = 15_000;

/**
 * Elections that nothing explains: all but the `due` ones, each with those that follow it so soon that
 * they were begun for the same reason.
 */
export function unjustified(elections: readonly Election[], due: number): Election[] {
  const reasons: Election[][] = [];
  for (const election of elections) {
    const last = reasons.at(-1);
    const previous = last?.at(-1);
    if (last && previous && election.at - previous.at < SAME_ELECTION_MS) last.push(election);
    else reasons.push([election]);
  }
  return reasons.slice(due).flat();
}

export const passed = (result: RoundResult): boolean =>
  result.unjustified.length === 0 && result.lostRows.length === 0 && result.broken === '';

const seconds = (ms: number): string => (ms / 1000).toFixed(1);

const COLUMNS: [title: string, cell: (r: RoundResult) => string | number][] = [
  ['round', ({ round }) => round],
  ['fault', ({ fault, detail }) => `${fault}: ${detail}`],
  ['rows', ({ window }) => window.acknowledged],
  ['longest pause, s', ({ window }) => seconds(window.longestPauseMs)],
  ['failed', ({ window: { failed, refused } }) => total(failed) + total(refused)],
  [
    'by a gateway’s own end',
    ({ window: { gatewayEnds: e } }) =>
      e.failed + e.refused + e.lost > 0
        ? `${e.failed + e.refused + e.lost} (${seconds(e.longestPauseMs)} s)`
        : 0,
  ],
  [
    'elections',
    ({ elections, unjustified: without }) =>
      `${elections.length}${without.length > 0 ? ` (${without.length} for no reason)` : ''}`,
  ],
  ['whole after, s', ({ wholeMs, broken }) => (broken ? `never: ${broken}` : seconds(wholeMs))],
  ['lost rows', ({ lostRows }) => (lostRows.length > 0 ? lostRows.join('; ') : 0)],
];

export function markdown(results: readonly RoundResult[]): string {
  const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [
    row(COLUMNS.map(([title]) => title)),
    row(COLUMNS.map(([title]) => (title === 'fault' ? '---' : '---:'))),
    ...results.map((result) => row(COLUMNS.map(([, cell]) => cell(result)))),
  ].join('\n');
}
