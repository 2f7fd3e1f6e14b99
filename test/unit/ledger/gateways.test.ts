import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endedWithGateway, readConntrack } from '../../../hack/ledger/gateways.ts';
import type { Mishap } from '../../../hack/ledger/window.ts';

const ends = [{ ip: '10.244.1.7', from: 5_000, to: 9_000 }];
const via = (ip: string | undefined) => (): string | undefined => ip;
const failed = (at: number, code: string, text = ''): Mishap => ({
  ...{ kind: 'failed', at, startedAt: at, client: 0, seq: 1, port: 43210, code, text },
});

describe('the end of a gateway', () => {
  it('is read from the table of connections', () => {
    const table = `tcp      6 431999 ESTABLISHED src=10.244.0.5 dst=10.96.4.4 sport=43210 dport=5432 src=10.244.1.7 dst=10.244.0.5 sport=5432 dport=43210 [ASSURED] mark=0 use=1
tcp      6 10 CLOSE src=10.244.0.9 dst=10.96.4.4 sport=43211 dport=5432 src=10.244.2.7 dst=10.244.0.9 sport=5432 dport=43211 mark=0 use=1`;
    assert.deepEqual([...readConntrack(table, '10.244.0.5')], [[43210, '10.244.1.7']]);
  });

  it('explains a cut connection of its own, while it lasts', () => {
    assert.equal(endedWithGateway(failed(6_000, 'ECONNRESET'), ends, via('10.244.1.7')), true);
    assert.equal(
      endedWithGateway(
        failed(6_000, 'none', 'Connection terminated unexpectedly'),
        ends,
        via('10.244.1.7'),
      ),
      true,
    );
    assert.equal(endedWithGateway(failed(4_000, 'ECONNRESET'), ends, via('10.244.1.7')), false);
    assert.equal(endedWithGateway(failed(60_000, 'ECONNRESET'), ends, via('10.244.1.7')), false);
  });

  it('does not explain a connection of another gateway', () => {
    assert.equal(endedWithGateway(failed(6_000, 'ECONNRESET'), ends, via('10.244.2.7')), false);
  });

  it('does not explain what the database said', () => {
    assert.equal(endedWithGateway(failed(6_000, '57P03'), ends, via('10.244.1.7')), false);
    assert.equal(endedWithGateway(failed(6_000, '08006'), ends, via('10.244.1.7')), false);
  });

  it('explains a refused connection, whose gateway nobody knows', () => {
    const refused: Mishap = {
      kind: 'refused',
      at: 6_000,
      client: 0,
      code: 'ECONNREFUSED',
      text: '',
    };
    assert.equal(endedWithGateway(refused, ends, via(undefined)), true);
    assert.equal(endedWithGateway({ ...refused, code: '57P03' }, ends, via(undefined)), false);
  });
});
