import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClusterStatusInput } from '../../../controller/cluster/status.ts';
import { clusterStatus, refusedStatus } from '../../../controller/cluster/status.ts';
import { condition } from '../../../controller/observe/conditions.ts';
import { DEFAULT_IMAGES, resolveImages } from '../../../schemas/images.ts';
import type { Condition } from '../../../schemas/k8s.ts';
import { resolveCluster } from '../../../schemas/resolve/cluster.ts';
import type {
  Cell,
  MultigresCluster,
  Phase,
  Shard,
  TableGroup,
  TopoServer,
} from '../../../schemas/types.ts';

const cluster: MultigresCluster = {
  apiVersion: 'multigres.com/v1alpha1',
  kind: 'MultigresCluster',
  metadata: { name: 'm', namespace: 'ns', generation: 3 },
  spec: {
    postgresPasswordSecretRef: { name: 'pw', key: 'password' },
    cells: [{ name: 'a', zoneId: 'a' }],
  },
};

interface ChildNote {
  phase?: Phase;
  message?: string;
  stale?: boolean;
  conditions?: Condition[];
}

const child = (note: ChildNote): object => ({
  spec: { databaseName: 'postgres' },
  metadata: { name: 'x', generation: 2 },
  status: {
    observedGeneration: note.stale ? 1 : 2,
    phase: note.phase ?? 'Healthy',
    message: note.message ?? '',
    readyShards: 1,
    totalShards: 1,
    gatewayReplicas: 1,
    gatewayReadyReplicas: 1,
    conditions: note.conditions ?? [
      condition('Available', true, 'X', ''),
      condition('Ready', true, 'X', ''),
    ],
  },
});

interface Note {
  topo?: ChildNote;
  cell?: ChildNote | null;
  group?: ChildNote;
  shard?: ChildNote;
  topology?: Partial<ClusterStatusInput['topology']>;
  leaving?: string[];
}

const inputOf = (note: Note = {}): ClusterStatusInput => {
  const resolved = resolveCluster(cluster, { core: {}, cell: {}, shard: {} });
  const images = resolveImages(cluster, DEFAULT_IMAGES, 'immediate');
  assert.ok(resolved.ok && images.ok);
  return {
    cluster,
    resolved: resolved.value,
    notes: [],
    images,
    observed: {
      topo: child(note.topo ?? {}) as TopoServer,
      cells: new Map([['a', note.cell === null ? undefined : (child(note.cell ?? {}) as Cell)]]),
      tableGroups: new Map([['postgres/default', child(note.group ?? {}) as TableGroup]]),
      shards: [child(note.shard ?? {}) as Shard],
      services: { gateway: undefined, adminWeb: undefined },
      adminWebPods: [],
      leaving: note.leaving ?? [],
    },
    topology: { registered: true, written: [], ...note.topology },
  };
};
const statusOf = (note?: Note) => clusterStatus(inputOf(note));
const conditionText = (conditions: Condition[] | undefined, type: string): string => {
  const found = conditions?.find((entry) => entry.type === type);
  return found ? `${found.status} ${found.reason}` : 'absent';
};

describe('status of a cluster', () => {
  it('is healthy when all children are', () => {
    const status = statusOf();
    assert.equal(status.phase, 'Healthy');
    assert.equal(status.message, '1 cells ready, 1 of 1 shards serving');
    assert.equal(status.observedGeneration, 3);
    assert.deepEqual(status.cells, { a: { ready: true, gatewayReplicas: 1 } });
    assert.deepEqual(status.databases, { postgres: { readyShards: 1, totalShards: 1 } });
  });

  const phases: [string, Note, Phase, RegExp][] = [
    [
      'a child degrades',
      { cell: { phase: 'Degraded', message: 'crash' } },
      'Degraded',
      /cell a is degraded: crash/,
    ],
    ['a child is behind', { cell: { stale: true } }, 'Progressing', /has not taken over/],
    ['a child does not exist', { cell: null }, 'Progressing', /cell a is being created/],
    [
      'etcd comes up',
      { topo: { phase: 'Progressing', message: '0 of 3 etcd members ready' } },
      'Progressing',
      /etcd: 0 of 3 etcd members ready/,
    ],
    [
      'records are not written',
      { topology: { registered: false, message: 'no answer' } },
      'Progressing',
      /topology records: no answer/,
    ],
    [
      'etcd comes up, without repeating that it does not answer',
      {
        topo: { phase: 'Progressing', message: '0 of 3 etcd members ready' },
        topology: { registered: false, unavailable: true, message: 'ECONNREFUSED' },
      },
      'Progressing',
      /^etcd: 0 of 3 etcd members ready$/,
    ],
    ['a child leaves', { leaving: ['m-b'] }, 'Progressing', /removing m-b/],
    [
      'a shard elects',
      { group: { phase: 'Progressing', message: 'electing a primary' } },
      'Progressing',
      /electing a primary/,
    ],
  ];
  for (const [what, note, phase, message] of phases) {
    it(`is ${phase} while ${what}`, () => {
      const status = statusOf(note);
      assert.equal(status.phase, phase);
      assert.match(status.message ?? '', message);
    });
  }

  it('is available only when cells and table groups are', () => {
    const unavailable = [condition('Available', false, 'ShardsNotReady', '')];
    assert.equal(conditionText(statusOf().conditions, 'Available'), 'True AggregatedStatus');
    const status = statusOf({ group: { conditions: unavailable } });
    assert.equal(conditionText(status.conditions, 'Available'), 'False AggregatedStatus');
  });

  it('repeats what somebody has to act on', () => {
    const conditions = [
      condition('RolloutPending', true, 'PodsDrifted', 'pods a'),
      condition('SecretsReady', false, 'SecretMissing', 'Secret "pw" does not exist'),
    ];
    const status = statusOf({ shard: { conditions } });
    assert.equal(conditionText(status.conditions, 'RolloutPending'), 'True PodsDrifted');
    assert.equal(conditionText(status.conditions, 'SecretsReady'), 'False SecretMissing');
    assert.equal(conditionText(statusOf().conditions, 'RolloutPending'), 'absent');
  });

  it('says what of its children the API server refuses', () => {
    const refused = condition(
      'ChildrenRefused',
      true,
      'Invalid',
      'StatefulSet x: field is immutable',
    );
    const { conditions } = statusOf({ topo: { conditions: [refused] } });
    const found = conditions?.find(({ type }) => type === 'ChildrenRefused');
    assert.equal(found?.message, refused.message);
    assert.equal(conditionText(statusOf().conditions, 'ChildrenRefused'), 'absent');
  });

  it('keeps what it said when the specification does not resolve, and says why', () => {
    const before = { ...cluster, status: statusOf() };
    const status = refusedStatus(before, [
      {
        path: 'spec.cells[0].cellTemplate',
        value: 'x',
        message: 'does not exist',
        fix: 'create it',
      },
    ]);
    assert.equal(status.phase, 'Healthy');
    assert.match(status.message ?? '', /nothing is changed: spec\.cells\[0\]\.cellTemplate/);
    assert.equal(conditionText(status.conditions, 'TerminalError'), 'True InvalidSpec');
    assert.equal(conditionText(status.conditions, 'Available'), 'True AggregatedStatus');
  });
});
