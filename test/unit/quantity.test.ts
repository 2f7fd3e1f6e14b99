import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareQuantity, milliUnits, parseQuantity, wholeUnits } from '../../schemas/quantity.ts';

test('quantities parse as Kubernetes parses them', () => {
  const table: [text: string | number, nanos: bigint][] = [
    ['1', 1_000_000_000n],
    [1, 1_000_000_000n],
    ['0.5', 500_000_000n],
    ['.5', 500_000_000n],
    ['5.', 5_000_000_000n],
    ['100m', 100_000_000n],
    ['1u', 1_000n],
    ['1n', 1n],
    ['0.1n', 1n],
    ['1.5Gi', 1_610_612_736n * 1_000_000_000n],
    ['1E', 10n ** 27n],
    ['1E3', 10n ** 12n],
    ['1e-3', 1_000_000n],
    ['12e6', 12n * 10n ** 15n],
    ['-1Ki', -1024n * 1_000_000_000n],
    ['+2k', 2000n * 1_000_000_000n],
  ];
  for (const [text, nanos] of table) assert.equal(parseQuantity(text), nanos, String(text));
});

test('what is no quantity is undefined', () => {
  for (const text of [
    '',
    '10foo',
    'Gi',
    '1 Gi',
    '1gi',
    '1Kb',
    '--1',
    '1.2.3',
    '.',
    'e3',
    '1KI',
    'NaN',
    '1e',
    '1e999',
  ]) {
    // prettier-ignore
    assert.equal(parseQuantity(text), undefined, text);
  }
  assert.equal(compareQuantity('1', 'x'), undefined);
});

test('comparison is by value', () => {
  assert.equal(compareQuantity('1Gi', '1024Mi'), 0);
  assert.equal(compareQuantity('1', '1000m'), 0);
  assert.equal(compareQuantity('64Mi', '128Mi'), -1);
  assert.equal(compareQuantity('1Gi', '1G'), 1);
});

test('whole and milli units are rounded up', () => {
  assert.equal(wholeUnits('1.5Gi'), 1_610_612_736);
  assert.equal(wholeUnits('100m'), 1);
  assert.equal(milliUnits('0.25'), 250);
  assert.equal(milliUnits('1n'), 1);
  assert.equal(wholeUnits('8Ei'), undefined, 'beyond exact numbers');
});
