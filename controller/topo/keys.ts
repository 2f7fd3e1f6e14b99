/** Keys of the topology. Plain strings; a root without a leading slash gives keys without one. */

const join = (...parts: string[]): string =>
  parts
    .map((part, index) => (index === 0 ? part.replace(/\/+$/, '') : part.replace(/^\/+|\/+$/g, '')))
    .join('/');

export const topoKeys = {
  /** Prefix under which every cell of a root lies, with its slash. */
  cells: (root: string) => `${join(root, 'cells')}/`,
  cell: (root: string, cell: string) => join(root, 'cells', cell, 'Cell'),
  databases: (root: string) => `${join(root, 'databases')}/`,
  database: (root: string, db: string) => join(root, 'databases', db, 'Database'),
  shardInitClaim: (root: string, db: string, tableGroup: string, shard: string) =>
    join(root, 'databases', db, tableGroup, shard, 'ShardInitClaim'),
  poolers: (root: string) => `${join(root, 'poolers')}/`,
  pooler: (root: string, cell: string, name: string) =>
    join(root, 'poolers', `multipooler-${cell}-${name}`, 'Pooler'),
  gateways: (root: string) => `${join(root, 'gateways')}/`,
  gateway: (root: string, cell: string, name: string) =>
    join(root, 'gateways', `multigateway-${cell}-${name}`, 'Gateway'),
  orchs: (root: string) => `${join(root, 'orchs')}/`,
  orch: (root: string, cell: string, name: string) =>
    join(root, 'orchs', `multiorch-${cell}-${name}`, 'Orch'),
} as const;
