import { clusterOf, pointer, shardViews } from '../locate.ts';
import { CLUSTER_WRITES, type Policy } from '../policy.ts';
import { nearest } from '../../../schemas/spelling.ts';
import { oneOf } from '../words.ts';
import { own } from '../../../schemas/own.ts';

export const overrideCreatesPool: Policy = {
  id: 'override-creates-pool',
  code: 'MG013',
  ...CLUSTER_WRITES,
  mode: 'warn',
  summary: 'The pools under overrides are pools of the template.',
  description: `\`overrides.pools\` changes the pools of the ShardTemplate. A name that the template
does not have makes a new pool with built-in sizes, which is often a slip of the pen.`,
  good: `# ShardTemplate small has pool main
shardTemplate: small
overrides:
  pools:
    main: { replicasPerCell: 3 }`,
  bad: `# ShardTemplate small has pool main
shardTemplate: small
overrides:
  pools:
    mian: { replicasPerCell: 3 }`,
  check(ctx) {
    const [resolved, templates] = [ctx.resolved(), ctx.world.templates];
    if (!resolved || !templates) return [];
    return shardViews(clusterOf(ctx), resolved).flatMap((view) => {
      const template = view.shard.template ? own(templates.shard, view.shard.template) : undefined;
      if (!template) return [];
      const known = Object.keys(template.spec?.pools ?? {});
      return Object.keys(view.raw?.overrides?.pools ?? {})
        .filter((name) => !known.includes(name))
        .map((name) => {
          const near = nearest(name, known);
          return {
            path: pointer(...view.path, 'overrides', 'pools', name),
            message: `ShardTemplate ${template.metadata.name} has no pool ${name}: a new pool with built-in sizes is made`,
            allowed: oneOf(known),
            fix: near ? `write ${near}` : 'check the name; nothing to do if a new pool is meant',
            brief: `${view.title}: ShardTemplate ${template.metadata.name} has no pool ${name}; ${near ? `write ${near}` : 'a new one is made'}`,
          };
        });
    });
  },
};
