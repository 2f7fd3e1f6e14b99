/** Manifests for tests, short where the test does not care. */
import type { KubeObject } from '../../schemas/k8s.ts';
import type { MultigresCluster, MultigresClusterSpec } from '../../schemas/types.ts';

export const zone = (name: string) => ({ name, zoneId: 'zone-a' });
export const shard = (spec: object) => ({
  databases: [
    {
      name: 'postgres',
      default: true,
      tablegroups: [{ name: 'default', default: true, shards: [{ name: '0-inf', ...spec }] }],
    },
  ],
});
export const pools = (value: object) => shard({ spec: { pools: value } });
/** Builders of objects in one namespace. */
export function objectsIn(ns: string) {
  const base = (spec: object = {}, name = 'm'): MultigresCluster => ({
    apiVersion: 'multigres.com/v1alpha1',
    kind: 'MultigresCluster',
    metadata: { name, namespace: ns },
    spec: {
      postgresPasswordSecretRef: { name: 'pw', key: 'password' },
      cells: [zone('z1')],
      ...spec,
    } as MultigresClusterSpec,
  });
  const template = (kind: string, name: string, spec: object): KubeObject => ({
    apiVersion: 'multigres.com/v1alpha1',
    kind,
    metadata: { name, namespace: ns },
    spec,
  });

  return { base, template };
}

/** Objects that a policy refuses: the sentence, the object, what the text must hold. */
export function refusedObjects(ns: string): [string, KubeObject, RegExp][] {
  const { base, template } = objectsIn(ns);
  return [
    ['a template that does not exist', base({ templateDefaults: { cellTemplate: 'no' } }), /MG001/],
    ['a cluster without cells', base({ cells: [] }), /MG010/],
    ['an unknown cell', base(pools({ main: { cells: ['zz'] } })), /MG010/],
    ['one pooler', base(pools({ main: { cells: ['z1'], replicasPerCell: 1 } })), /1 pooler.*MG006/],
    ['one cell of two', base({ durabilityPolicy: 'MULTI_CELL_AT_LEAST_2' }), /MG006/],
    ['a name with a dot', base({}, 'a.b'), /MG004/],
    ['a bad name for a pool', base(pools({ My_Pool: {} })), /my-pool.*MG011/],
    ['a size that is none', base(pools({ main: { storage: { size: '10foo' } } })), /MG014/],
    [
      'a limit below the request',
      base({ multiadmin: { spec: { resources: { requests: { cpu: 2 }, limits: { cpu: '1' } } } } }),
      /multiadmin.*MG019/,
    ],
    [
      'a pooler with another user',
      base(pools({ main: { multipooler: { runAsUser: 1000 } } })),
      /MG020/,
    ],
    [
      'a window that is too long',
      base({
        cells: [
          {
            ...zone('z1'),
            spec: { multigateway: { buffer: { window: '25s', maxFailoverDuration: '20s' } } },
          },
        ],
      }),
      /MG021/,
    ],
    [
      'an address that is none',
      base({ externalGateway: { enabled: true, externalIPs: ['999.1.1.1'] } }),
      /MG022/,
    ],
    [
      'a setting that does not exist',
      base(shard({ spec: { pools: {}, postgresConfig: { shared_buffer: '1GB' } } })),
      /shared_buffers.*MG028/,
    ],
    [
      'a template with a bad pool name',
      template('ShardTemplate', 'x', { pools: { [`a${'b'.repeat(29)}`]: {} } }),
      /MG011/,
    ],
    [
      'a template with settings of the operator',
      template('ShardTemplate', 'x', { postgresConfig: { port: '1' } }),
      /MG028/,
    ],
  ];
}
