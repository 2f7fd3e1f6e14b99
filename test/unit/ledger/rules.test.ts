import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { codecs } from '../../../controller/topo/codec.ts';
import { elections, poolerMoments } from '../../../hack/ledger/rules.ts';
import type { LedgerRecord } from '../../../hack/ledger/records.ts';

const change = (at: number, pod: string, term?: number, subterm = 0): LedgerRecord => ({
  kind: 'topology',
  at,
  key: `/multigres/global/poolers/multipooler-zone-a-${pod}/Pooler`,
  value: codecs.Multipooler.encode({
    hostname: `${pod}.demo.svc`,
    routing_state:
      term === undefined
        ? { role: 'ROUTING_ROLE_REPLICA' }
        : {
            role: 'ROUTING_ROLE_PRIMARY',
            rule: { coordinator_term: `${term}`, leader_subterm: `${subterm}` },
          },
  }).toString('base64'),
});

describe('elections in the poolers’ records', () => {
  it('are new terms, not new subterms and not repeated records', () => {
    const records = [
      change(1, 'a', 1),
      change(2, 'b'),
      change(3, 'a', 1, 2),
      change(4, 'b', 3),
      change(5, 'b', 3),
      change(6, 'a', 1, 2),
    ];
    assert.deepEqual(elections(poolerMoments(records)), [
      { at: 1, pod: 'a', term: 1 },
      { at: 4, pod: 'b', term: 3, from: 'a' },
    ]);
  });

  it('are not what another key or a deleted record says', () => {
    const other = { ...change(1, 'a', 1), key: '/multigres/global/poolers/x/Other' };
    const deleted: LedgerRecord = { kind: 'topology', at: 2, key: other.key };
    assert.deepEqual(poolerMoments([other as LedgerRecord, deleted]), []);
  });
});
