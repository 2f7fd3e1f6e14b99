import { shardSettings } from './database-config.ts';
import { type Kind, optional, struct } from './dsl.ts';
import { templatePools } from './pools.ts';
import { pvcPolicy } from './storage.ts';

export const shardTemplate: Kind = {
  kind: 'ShardTemplate',
  plural: 'shardtemplates',
  shortName: 'sht',
  doc: 'Settings of shards, shared by clusters of a namespace.',
  writtenBy: 'user',
  spec: struct('ShardTemplateSpec', 'What shards with this template get.', {
    ...shardSettings,
    pools: optional(
      templatePools,
      'Pools by name, of at most 25 characters to be of use. Pools can be added, not removed.',
    ),
    pvcDeletionPolicy: optional(pvcPolicy, 'What happens to data volumes when pods go.'),
  }),
  columns: [],
};
