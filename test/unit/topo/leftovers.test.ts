import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Removal } from '../../../controller/topo/leftovers.ts';
import { mayRemove } from '../../../controller/topo/leftovers.ts';

const process = (change: Partial<Extract<Removal, { kind: 'process' }>> = {}): Removal => ({
  kind: 'process',
  hostname: 'pod-0.ns.svc',
  namespace: 'ns',
  running: new Set(),
  strangers: [],
  ...change,
});
const database: Removal = { kind: 'database', name: 'postgres', retained: false, poolers: [] };
const cell: Removal = { kind: 'cell', name: 'a', databases: [], processes: [] };

describe('a record of a cluster that is being deleted', () => {
  const allowed: [string, Removal][] = [
    ['a pooler whose pod is gone', process()],
    ['a pooler with a full host name', process({ hostname: 'pod-0.pool.ns.svc.cluster.local' })],
    ['a gateway whose address nobody has', process({ hostname: '10.0.0.7' })],
    ['a database without poolers', database],
    ['a shard without poolers', { ...database, kind: 'shard' }],
    ['a cell that nobody names', cell],
  ];
  for (const [what, removal] of allowed) {
    it(`may go: ${what}`, () => assert.deepEqual(mayRemove(removal), { ok: true }));
  }

  const refusals: [string, Removal, RegExp][] = [
    ['without a host name', process({ hostname: '' }), /does not say where/],
    ['of a pod that runs', process({ running: new Set(['pod-0']) }), /still runs/],
    [
      'of an address that a pod has',
      process({ hostname: '10.0.0.7', running: new Set(['10.0.0.7']) }),
      /still runs/,
    ],
    ['of another namespace', process({ hostname: 'pod-0.ns2.svc' }), /not in namespace ns/],
    [
      'with an address where another cluster shares the cell',
      process({ hostname: '10.0.0.7', strangers: ['pod-0.ns2.svc'] }),
      /may be of its cluster/,
    ],
    ['of a database that is retained', { ...database, retained: true }, /are retained/],
    ['of a shard that is retained', { ...database, kind: 'shard', retained: true }, /are retained/],
    ['of a database with a pooler', { ...database, poolers: ['a/pod-0'] }, /pooler a\/pod-0/],
    ['of a cell in a database', { ...cell, databases: ['postgres'] }, /lists cell a/],
    ['of a cell with a process', { ...cell, processes: ['/x'] }, /registered in cell a/],
  ];
  for (const [what, removal, reason] of refusals) {
    it(`stays: that ${what}`, () => {
      const decision = mayRemove(removal);
      assert.ok(!decision.ok);
      assert.match(decision.refusal, reason);
    });
  }
});
