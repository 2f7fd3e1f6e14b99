/** By what a shard is told from others. Pure. */
import { LABELS } from '../../../schemas/labels.ts';
import type { Shard } from '../../../schemas/types.ts';
import type { ShardKey } from '../../topo/types.ts';

/** Labels that tell the shard from others of its cluster. */
export const shardIdentity = (shard: Pick<Shard, 'spec'>): Record<string, string> => ({
  [LABELS.database]: shard.spec?.databaseName ?? '',
  [LABELS.tablegroup]: shard.spec?.tableGroupName ?? '',
  [LABELS.shard]: shard.spec?.shardName ?? '',
});

/** By which the runtime knows it. */
export const shardKeyOf = (shard: Shard): ShardKey => ({
  database: shard.spec?.databaseName ?? '',
  table_group: shard.spec?.tableGroupName ?? '',
  shard: shard.spec?.shardName ?? '',
});

/** `namespace/name` */
export const shardName = ({ metadata: { namespace = '', name } }: Shard): string =>
  `${namespace}/${name}`;
