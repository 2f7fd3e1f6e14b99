import type { Templates } from '../../schemas/resolve/types.ts';
import type { MultigresCluster } from '../../schemas/types.ts';
import type { Segment } from './locate.ts';

export const TEMPLATE_KINDS = {
  core: 'CoreTemplate',
  cell: 'CellTemplate',
  shard: 'ShardTemplate',
} as const satisfies Record<keyof Templates, string>;

export interface TemplateRef {
  kind: keyof Templates;
  name: string;
  path: Segment[];
}

/** Every place where a cluster names a template, in the order of the manifest. */
export function templateRefs(cluster: MultigresCluster): TemplateRef[] {
  const refs: TemplateRef[] = [];
  const add = (kind: keyof Templates, name: string | undefined, ...path: Segment[]): void => {
    if (name) refs.push({ kind, name, path: ['spec', ...path] });
  };
  const { spec } = cluster;
  add('core', spec?.templateDefaults?.coreTemplate, 'templateDefaults', 'coreTemplate');
  add('cell', spec?.templateDefaults?.cellTemplate, 'templateDefaults', 'cellTemplate');
  add('shard', spec?.templateDefaults?.shardTemplate, 'templateDefaults', 'shardTemplate');
  for (const part of ['globalTopoServer', 'multiadmin', 'multiadminWeb'] as const) {
    add('core', spec?.[part]?.templateRef, part, 'templateRef');
  }
  spec?.cells?.forEach((cell, c) => add('cell', cell.cellTemplate, 'cells', c, 'cellTemplate'));
  spec?.databases?.forEach((database, d) =>
    database.tablegroups?.forEach((tablegroup, t) =>
      tablegroup.shards?.forEach((shard, s) =>
        add(
          'shard',
          shard.shardTemplate,
          ...['databases', d, 'tablegroups', t, 'shards', s, 'shardTemplate'],
        ),
      ),
    ),
  );
  return refs;
}
