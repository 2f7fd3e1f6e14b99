import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LedgerRecord } from '../../../hack/ledger/records.ts';
import { summarize, tell, type Mishap } from '../../../hack/ledger/window.ts';

const window = { name: 'test', from: 1000, to: 2000 };
const ack = (client: number, at: number): LedgerRecord => ({
  kind: 'acknowledged',
  at,
  client,
  seq: at,
});
const failed = (client: number, at: number, code = '57P03'): Mishap => ({
  ...{ kind: 'failed', at, startedAt: at - 10, client, seq: at, port: 4000 + client },
  ...{ code, text: 'no writable primary is currently available' },
});
const never = (): boolean => false;

describe('a window of the ledger', () => {
  it('takes the longest pause of one client, though another one writes', () => {
    const records = [1100, 1300, 1500, 1700, 1900].flatMap((at) => [ack(0, at)]);
    const report = summarize(window, [...records, ack(1, 1050), ack(1, 1950)], 2, never);
    assert.equal(report.longestPauseMs, 900);
    assert.equal(report.allPausedMs, 200);
    assert.equal(report.acknowledged, 7);
  });

  it('counts a pause that reaches to its bounds', () => {
    assert.equal(summarize(window, [ack(0, 1400)], 1, never).longestPauseMs, 600);
    assert.equal(summarize(window, [], 1, never).allPausedMs, 1000);
  });

  it('leaves out what happened before and after', () => {
    const report = summarize(window, [failed(0, 999), ack(0, 500), failed(0, 2000)], 1, never);
    assert.deepEqual([report.acknowledged, report.failed], [0, []]);
  });

  it('groups failures by what they say', () => {
    const records = [failed(0, 1100), failed(1, 1200), failed(0, 1300, '08006')];
    const { failed: groups } = summarize(window, records, 2, never);
    assert.deepEqual(
      groups.map(({ code, count }) => [code, count]),
      [
        ['57P03', 2],
        ['08006', 1],
      ],
    );
  });

  it('keeps what a gateway’s own end did apart, with the pause around it', () => {
    const records = [
      ...[1100, 1200, 1800, 1900].map((at) => ack(0, at)),
      failed(0, 1500, 'ECONNRESET'),
      ...[1100, 1400, 1700, 1900].map((at) => ack(1, at)),
    ];
    const report = summarize(
      window,
      records,
      2,
      (mishap) => mishap.kind === 'failed' && mishap.code === 'ECONNRESET',
    );
    assert.deepEqual(report.failed, []);
    assert.deepEqual(report.gatewayEnds, { failed: 1, refused: 0, lost: 0, longestPauseMs: 600 });
    assert.equal(report.longestPauseMs, 300);
    assert.match(tell(report), /0 failed statements.*apart.*1 failed/);
  });
});
