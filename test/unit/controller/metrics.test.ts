import assert from 'node:assert/strict';
import { test } from 'node:test';
import { METRICS, createMetrics } from '../../../controller/metrics.ts';

test('names are unique and follow one form; every series says what it is', () => {
  const names = Object.values(METRICS).map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const { name, help, labels } of Object.values(METRICS)) {
    assert.match(name, /^[a-z][a-z0-9_]+$/);
    assert.ok(help.endsWith('.'), name);
    assert.equal(new Set(labels).size, labels.length);
  }
});

test('series of an object that is gone can be removed by part of their labels', async () => {
  const metrics = createMetrics();
  metrics.set('cellGatewayReplicas', { cell: 'a', namespace: 'n', state: 'ready' }, 1);
  metrics.set('cellGatewayReplicas', { cell: 'a', namespace: 'n', state: 'desired' }, 2);
  metrics.set('cellGatewayReplicas', { cell: 'b', namespace: 'n', state: 'ready' }, 3);
  metrics.remove('cellGatewayReplicas', { cell: 'a', namespace: 'n' });
  const lines = (await metrics.text())
    .split('\n')
    .filter((l) => l.startsWith('multigres_operator_cell_g'));
  assert.deepEqual(lines, [
    'multigres_operator_cell_gateway_replicas{cell="b",namespace="n",state="ready"} 3',
  ]);
});

test('gauges, counters and durations', async () => {
  const metrics = createMetrics();
  metrics.add('drainOperations', { cluster: 'c', shard: 's', result: 'success' });
  metrics.add('activeWorkers', { controller: 'x' });
  metrics.add('activeWorkers', { controller: 'x' }, -1);
  metrics.observe('reconcileTime', { controller: 'x' }, 0.02);
  const text = await metrics.text();
  assert.match(text, /drain_operations_total\{cluster="c",shard="s",result="success"\} 1/);
  assert.match(text, /active_workers\{controller="x"\} 0/);
  assert.match(text, /reconcile_time_seconds_bucket\{le="0.05",controller="x"\} 1/);
});
