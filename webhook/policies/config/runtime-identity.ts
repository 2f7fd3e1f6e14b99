import { clusterOf, locateInShard, shardViews } from '../locate.ts';
import type { Policy } from '../policy.ts';

export const runtimeIdentity: Policy = {
  id: 'runtime-identity',
  code: 'MG020',
  kinds: ['MultigresCluster'],
  operations: ['CREATE', 'UPDATE'],
  mode: 'deny',
  summary: 'multipooler runs as the same user as postgres.',
  description: `Both containers work on the same files: the data directory and the socket. With another
user id the one cannot read what the other writes. Leave \`multipooler.runAsUser\` out: it then follows
\`postgres.runAsUser\`.`,
  good: `pools:
  main:
    postgres: { runAsUser: 1000 }`,
  bad: `pools:
  main:
    postgres: { runAsUser: 1000 }
    multipooler: { runAsUser: 1001 }`,
  check(ctx) {
    const resolved = ctx.resolved();
    if (!resolved) return [];
    const cluster = clusterOf(ctx);
    return shardViews(cluster, resolved).flatMap((view) =>
      Object.entries(view.shard.pools).flatMap(([name, pool]) => {
        const user = pool.multipooler?.runAsUser;
        if (user === undefined || user === pool.postgres?.runAsUser) return [];
        const postgres = pool.postgres?.runAsUser;
        return [
          {
            path: locateInShard(cluster, view, 'pools', name, 'multipooler', 'runAsUser'),
            value: user,
            message: `multipooler of pool ${name} would run as another user than postgres (${postgres ?? 'not set'})`,
            allowed:
              postgres === undefined ? 'nothing, or the same for postgres' : String(postgres),
            fix: 'remove multipooler.runAsUser, or set postgres.runAsUser to the same number',
          },
        ];
      }),
    );
  },
};
