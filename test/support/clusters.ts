import fc from 'fast-check';
import { sameData } from '../../schemas/canonical.ts';
import type { MultigresCluster } from '../../schemas/types.ts';

/** Keys that are there or not: each combination is a manifest that a user may write. */
const some = <T extends Record<string, fc.Arbitrary<unknown>>>(fields: T) =>
  fc.record(fields, { requiredKeys: [], noNullPrototype: true });

const retention = fc.constantFrom('Retain', 'Delete');
const pvcPolicy = some({ whenDeleted: retention, whenScaled: retention });
const resources = some({
  requests: fc.constantFrom({}, { cpu: '100m' }, { memory: '64Mi' }),
  limits: fc.constantFrom({}, { memory: '1Gi' }),
});
const placement = some({
  tolerations: fc.array(fc.constantFrom({ key: 'a' }, { key: 'b' }), { maxLength: 2 }),
});
const storage = some({ size: fc.constantFrom('1Gi', '20Gi'), class: fc.constant('fast') });
const stateless = some({ replicas: fc.integer({ min: 0, max: 3 }), resources });
const gateway = some({
  replicas: fc.integer({ min: 0, max: 3 }),
  resources,
  buffer: some({ enabled: fc.boolean(), window: fc.constant('1m') }),
});
const etcd = some({ replicas: fc.constantFrom(1, 3, 5), storage, resources });
const external = fc.constant({ endpoints: ['https://e:2379'] });
const pool = some({
  cells: fc.constantFrom(['z1'], ['z2', 'z1']),
  replicasPerCell: fc.integer({ min: 1, max: 3 }),
  storage,
  postgres: some({ resources }),
  pvcDeletionPolicy: pvcPolicy,
});
const shardBody = some({
  multiorch: some({ replicas: fc.integer({ min: 1, max: 2 }), placement }),
  pools: fc.dictionary(fc.constantFrom('main', 'default', 'extra'), pool, {
    maxKeys: 2,
    noNullPrototype: true,
  }),
  postgresConfig: fc.constant({ work_mem: '8MB' }),
});
const backup = fc.oneof(
  fc.constant({ type: 'filesystem', filesystem: {} }),
  fc.constant({ type: 'filesystem', filesystem: { path: '/b', storage: { size: '5Gi' } } }),
  fc.constant({ type: 's3', s3: { bucket: 'b', region: 'r' } }),
);
const shard = fc.oneof(
  fc.constant({ name: '0-inf' }),
  fc.record({ name: fc.constant('0-inf'), spec: shardBody }),
  fc.record({ name: fc.constant('0-inf'), overrides: shardBody, backup }),
);
const tablegroup = fc.record(
  {
    name: fc.constantFrom('default', 'orders'),
    default: fc.boolean(),
    backup,
    pvcDeletionPolicy: pvcPolicy,
    shards: fc.array(shard, { maxLength: 1 }),
  },
  { requiredKeys: ['name'], noNullPrototype: true },
);
const database = fc.record(
  {
    name: fc.constant('postgres'),
    default: fc.constant(true),
    backup,
    durabilityPolicy: fc.constant('MULTI_CELL_AT_LEAST_2'),
    tablegroups: fc.uniqueArray(tablegroup, { maxLength: 2, selector: ({ name }) => name }),
  },
  { requiredKeys: ['name', 'default'], noNullPrototype: true },
);
const cell = (name: string) =>
  fc.oneof(
    fc.constant({ name, zoneId: `az-${name}` }),
    fc.record({ name: fc.constant(name), region: fc.constant('eu'), spec: some({ multigateway: gateway }) }), // prettier-ignore
    fc.record({ name: fc.constant(name), zoneId: fc.constant('a'), overrides: some({ multigateway: gateway }) }), // prettier-ignore
  );
const cells = fc
  .subarray(['z1', 'z2', 'z3'])
  .chain((names) => fc.tuple(...names.map((name) => cell(name))));

const spec = fc.record(
  {
    postgresPasswordSecretRef: fc.constant({ name: 'pw', key: 'password' }),
    images: some({ imagePullPolicy: fc.constant('Always'), postgres: fc.constant('p:1') }),
    logLevels: some({ pgctld: fc.constant('debug'), multiorch: fc.constant('warn') }),
    globalTopoServer: fc.oneof(
      some({ etcd, pvcDeletionPolicy: pvcPolicy, placement }),
      fc.record({ external }),
    ),
    multiadmin: some({ spec: stateless, placement }),
    multiadminWeb: some({ spec: stateless }),
    cells,
    databases: fc.array(database, { maxLength: 1 }),
    pvcDeletionPolicy: pvcPolicy,
    backup,
    topologyPruning: some({ enabled: fc.boolean() }),
    durabilityPolicy: fc.constantFrom('AT_LEAST_2', 'WHATEVER'),
    postgresSuperuser: fc.constant('admin'),
  },
  { requiredKeys: ['postgresPasswordSecretRef'], noNullPrototype: true },
);

/** Clusters as a user may write them: any key may be missing. */
export const anyCluster: fc.Arbitrary<MultigresCluster> = spec.map(
  (value) =>
    ({
      apiVersion: 'multigres.com/v1alpha1',
      kind: 'MultigresCluster',
      metadata: { name: 'm', namespace: 'ns' },
      spec: value,
    }) as MultigresCluster,
);

/**
 * Is each key of `part` in `whole` with its value? Lists must be equal element by element; an empty
 * list may have been filled.
 */
export const isContained = (part: unknown, whole: unknown): boolean => {
  if (Array.isArray(part)) {
    if (!Array.isArray(whole)) return false;
    if (part.length === 0) return true;
    return part.length === whole.length && part.every((item, i) => isContained(item, whole[i]));
  }
  if (part === null || typeof part !== 'object') return sameData(part, whole);
  if (whole === null || typeof whole !== 'object') return false;
  return Object.entries(part).every(([key, value]) =>
    isContained(value, (whole as Record<string, unknown>)[key]),
  );
};
