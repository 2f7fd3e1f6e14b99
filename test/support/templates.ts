import type { RunningShards, Templates } from '../../schemas/resolve/types.ts';
import type { CellTemplate, CoreTemplate, Shard, ShardTemplate } from '../../schemas/types.ts';
import { shardKey } from '../../schemas/resolve/running.ts';
import { readDocuments } from './cases.ts';

type WorldObject = CoreTemplate | CellTemplate | ShardTemplate | Shard;

const byName = <T extends WorldObject>(world: WorldObject[], kind: string): Record<string, T> =>
  Object.fromEntries(
    world
      .filter((object) => object.kind === kind)
      .map((object) => [object.metadata.name, object as T]),
  );

/** The templates in a case's world.yaml. */
export const readTemplates = (file: string): Templates => {
  const world = readDocuments<WorldObject>(file);
  return {
    core: byName<CoreTemplate>(world, 'CoreTemplate'),
    cell: byName<CellTemplate>(world, 'CellTemplate'),
    shard: byName<ShardTemplate>(world, 'ShardTemplate'),
  };
};

/** The Shards in a case's world.yaml: what runs already. */
export const readRunning = (file: string): RunningShards =>
  Object.fromEntries(
    readDocuments<Shard>(file).flatMap(({ kind, spec }) =>
      kind === 'Shard' && spec
        ? [[shardKey(spec.databaseName, spec.tableGroupName, spec.shardName), spec]]
        : [],
    ),
  );
