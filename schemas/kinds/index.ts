import { cell } from './cell.ts';
import { cellTemplate } from './celltemplate.ts';
import { coreTemplate } from './coretemplate.ts';
import type { Kind } from './dsl.ts';
import { multigresCluster } from './multigrescluster.ts';
import { shard } from './shard.ts';
import { shardTemplate } from './shardtemplate.ts';
import { tableGroup } from './tablegroup.ts';
import { topoServer } from './toposerver.ts';

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
