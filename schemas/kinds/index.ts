import { cell } from './cell.ts';
import type { Kind } from './dsl.ts';
import { multigresCluster } from './multigrescluster.ts';
import { shard, tableGroup } from './shard.ts';
import { cellTemplate, coreTemplate, shardTemplate } from './templates.ts';
import { topoServer } from './topology.ts';

export const API_GROUP = 'multigres.com';
export const API_VERSION = 'v1alpha1';

/** Every kind of the API, those that users write first. */
export const API_KINDS: readonly Kind[] = [
  multigresCluster,
  coreTemplate,
  cellTemplate,
  shardTemplate,
  cell,
  tableGroup,
  shard,
  topoServer,
];

/** @throws if the kind is none of ours */
export const kindOf = (name: string): Kind => {
  const found = API_KINDS.find(({ kind }) => kind === name);
  if (found) return found;
  const all = API_KINDS.map(({ kind }) => kind).join(', ');
  throw new Error(`${name} is no kind of the API; there are ${all}`);
};
