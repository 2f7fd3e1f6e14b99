import {
  int32,
  int64,
  list,
  map,
  type MapSchema,
  optional,
  rule,
  type Rule,
  struct,
  type StructSchema,
  transition,
} from './dsl.ts';
import { affinity, toleration } from './embedded.ts';
import { cellName, poolType } from './scalars.ts';
import { pvcPolicy, pvcPolicyInList, storage } from './storage.ts';
import { containerSpec } from './workloads.ts';

const poolCells = list(cellName, {
  listType: 'set',
  minItems: 1,
  maxItems: 10,
  rules: [
    transition(
      'oldSelf.all(c, c in self)',
      'a cell cannot be taken out of a pool, as data lives there: put the cell back into the list',
    ),
  ],
});

const poolWith = (policy: StructSchema): StructSchema =>
  struct('Pool', 'A group of equal Postgres pods.', {
    type: optional(poolType, 'What the pool serves.'),
    cells: optional(
      poolCells,
      'Cells with pods of the pool. Absent: every cell of the cluster. Cells can be added, not removed.',
    ),
    replicasPerCell: optional(
      int32({ minimum: 1, maximum: 32 }),
      'Postgres pods in each cell. Absent: 2 if the pool is in one cell, else 1.',
    ),
    storage: optional(storage, 'Data volume of each pod.'),
    postgres: optional(containerSpec, 'The Postgres container.'),
    multipooler: optional(containerSpec, 'The multipooler container.'),
    affinity: optional(affinity, 'Scheduling affinity of the pods.'),
    tolerations: optional(list(toleration), 'Taints that the pods tolerate.'),
    fsGroup: optional(int64({ minimum: 1 }), 'Group id that owns the files on the data volume.'),
    pvcDeletionPolicy: optional(policy, 'What happens to data volumes when pods go.'),
  });

const keyAtMost25 = rule(
  'self.all(k, k.size() <= 25)',
  'the name of a pool is too long: use at most 25 characters',
);

const keyBelow63 = rule(
  'self.all(k, k.size() < 63)',
  'the name of a pool is too long: use fewer than 63 characters',
);

const noPoolRemoved = transition(
  'oldSelf.all(k, k in self)',
  'a pool cannot be removed, as data lives there: put the pool back',
);

const pools = (policy: StructSchema, rules: Rule[]): MapSchema =>
  map(poolWith(policy), { maxProperties: 8, rules });

/** Pools as a MultigresCluster names them, within its list of databases. */
export const clusterPools = pools(pvcPolicyInList, [keyAtMost25, noPoolRemoved]);
/** Pools of a ShardTemplate. */
export const templatePools = pools(pvcPolicy, [keyBelow63, noPoolRemoved]);
/** Pools of the kinds that the operator writes. */
export const childPools = pools(pvcPolicy, [keyBelow63]);
