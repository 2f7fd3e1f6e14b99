import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { figures, markdown } from '../../../hack/bench/lifecycle/table.ts';
import { summarize } from '../../../hack/ledger/window.ts';

describe('the table of the lifecycle bench', () => {
  it('takes the pauses of all rounds and sums up what failed', () => {
    const rounds = [1, 2, 3, 4].map((seconds) => ({
      totalMs: seconds * 10_000,
      window: summarize({ name: 'x', from: 0, to: seconds * 1000 }, [], 1, () => false),
    }));
    const result = figures({ name: 'switchover', planned: true }, rounds, 0);
    assert.deepEqual(result.pause, { p50: 2, p95: 4, max: 4 });
    assert.deepEqual(result.total, { p50: 20, p95: 40, max: 40 });
    assert.equal(result.failedStatements, 0);
    const [head = '', , row = ''] = markdown([result]).split('\n');
    assert.equal(head.split('|').length, row.split('|').length);
    assert.match(row, /^\| switchover \| 4 \| 2 \| 4 \| 4 \| 0 \|/);
  });
});
