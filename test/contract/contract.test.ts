/**
 * What the operator relies on, asked of a running three-cell cluster on loopback: of the emulator, or with
 * MULTIGRES_BIN (a folder with the runtime's binaries) of the real runtime. Facts only, and conditions
 * instead of pauses; the deadlines are generous. Parts run in order on one cluster, each leaves it healthy.
 * Environment: EMULATOR_ROOT (Debian root with PostgreSQL 17 and pgBackRest), ETCD, CONTRACT_DIR, CONTRACT_NET,
 * CONTRACT_ONLY (names of parts, comma separated; the bootstrap always runs).
 */
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startLocalCluster } from '../../emulator/local.ts';
import { bootstrap } from './parts/bootstrap.ts';
import { healthStream } from './parts/health.ts';
import { killedLeader, planned, stopped } from './parts/leaders.ts';
import { refusals } from './parts/refusals.ts';
import { loweredSettings } from './parts/settings.ts';
import { fourth, gracefulStop, killed } from './parts/standbys.ts';
import { statusFields } from './parts/status.ts';
import { adminApi, backups, gatewayPorts, httpHealth, recoverySwitch } from './parts/surfaces.ts';
import { multiorchStops, withoutDatabase } from './parts/topology.ts';
import { webPage } from './parts/web.ts';
import { Shard } from './support/shard.ts';

const { env } = process;
const bin = env['MULTIGRES_BIN'];
const layers = env['EMULATOR_ROOT'] ?? env['MULTIGRES_ROOT_LAYERS'];
const etcd = env['ETCD'] ?? env['MULTIGRES_ETCD'];

/** Short grace periods and health checks: only how long things take differs from the defaults. */
const ORCH = [
  '--leader-failover-grace-period-base=2s',
  '--leader-failover-grace-period-max-jitter=1s',
  '--pooler-health-check-interval=1s',
];

/** Shorter waits of the emulator's own; the real binaries know nothing of these. */
const HURRY = { EMULATOR_MONITOR_MS: '1500', EMULATOR_STALE_MS: '6000' };

const PARTS = {
  'status fields': statusFields,
  refusals,
  'health stream': healthStream,
  'http health': httpHealth,
  'gateway ports': gatewayPorts,
  'admin api': adminApi,
  backups,
  'recovery switch': recoverySwitch,
  ...(bin === undefined ? { 'web page': webPage } : {}),
  'fourth pooler': fourth,
  'standby stopped': gracefulStop,
  'standby killed': killed,
  'lowered settings': loweredSettings,
  'leader moved': planned,
  'leader stopped': stopped,
  'leader killed': killedLeader,
  'without a Database record': withoutDatabase,
  'multiorch stopped': multiorchStops,
};

let shard: Shard;

before(async () => {
  const cluster = await startLocalCluster({
    dir: env['CONTRACT_DIR'] ?? path.join(tmpdir(), 'multigres-contract'),
    net: env['CONTRACT_NET'] ?? '127.0.8',
    ...(layers === undefined ? {} : { layers: layers.split(':') }),
    ...(etcd === undefined ? {} : { etcd }),
    ...(bin === undefined ? {} : { bin }),
    args: { multiorch: ORCH },
    env: HURRY,
  });
  shard = new Shard(cluster);
});

after(async () => {
  shard?.topo.close();
  await shard?.cluster.stop();
});

test('bootstrap', (t) => bootstrap(t, shard));
const only = env['CONTRACT_ONLY']?.split(',');
for (const [name, part] of Object.entries(PARTS)) {
  if (only === undefined || only.includes(name)) test(name, (t) => part(t, shard));
}
