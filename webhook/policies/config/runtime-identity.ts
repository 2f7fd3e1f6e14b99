import { poolsOf, shardsOf } from '../locate.ts';
import { CLUSTER_WRITES, type Policy } from '../policy.ts';

export const runtimeIdentity: Policy = {
  id: 'runtime-identity',
  code: 'MG020',
  ...CLUSTER_WRITES,
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
    return poolsOf(shardsOf(ctx)).flatMap(({ name, pool, at }) => {
      const user = pool.multipooler?.runAsUser;
      const postgres = pool.postgres?.runAsUser;
      if (user === undefined || user === postgres) return [];
      return {
        path: at('multipooler', 'runAsUser'),
        value: user,
        message: `multipooler of pool ${name} would run as another user than postgres (${postgres ?? 'not set'})`,
        allowed: postgres === undefined ? 'nothing, or the same for postgres' : String(postgres),
        fix: 'remove multipooler.runAsUser, or set postgres.runAsUser to the same number',
      };
    });
  },
};
