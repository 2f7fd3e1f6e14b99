import { once } from 'node:events';
import { hostname } from 'node:os';
import { createControllers } from './controllers.ts';
import { createFeed } from './dataplane/feed.ts';
import type { Deps } from './deps.ts';
import { createFleet } from './fleet.ts';
import { createApplier } from '../kube/apply.ts';
import { createClient } from '../kube/client.ts';
import { sleep, systemClock } from '../kube/clock.ts';
import { createEventRecorder } from '../kube/events.ts';
import { runWithLease } from '../kube/lease.ts';
import { loadKubeConfig } from '../kube/config.ts';
import { createTransport, type Transport } from '../kube/transport.ts';
import { createLog, type Log } from '../kube/log.ts';
import { parseKey } from './key.ts';
import { createManager } from './manager.ts';
import { createMetrics } from './metrics.ts';
import { parseOptions, type Options } from './options.ts';
import { createRpc } from './rpc/client.ts';
import { startServers } from './server.ts';
import { createTopoAccess } from './topo/access.ts';
import { createInformers, createStores } from './watched.ts';
import { createWakeups } from './wakeups.ts';
import { createWrites } from './own-writes.ts';

/** Lease requests have a client of their own: the load of reconciles must not delay a renewal. */
const LEASE_DEADLINE_MS = 5_000;

/** After losing the lease: a successor starts 5 s after the renew deadline at the earliest. */
const LOST_GRACE_MS = 3_000;

type World = ReturnType<typeof assemble>;

function assemble(options: Options, log: Log, transport: Transport) {
  // Two processes on one host must not take each other for themselves.
  const identity = options.identity || `${hostname()}_${process.pid}`;
  const metrics = createMetrics(true);
  const clock = systemClock;
  const now = () => clock.now();
  const random = () => Math.random();
  const stores = createStores(now);
  const writes = createWrites(stores);
  const hooks = {
    request: (method: string, status: number) =>
      metrics.add('apiRequests', { method, code: String(status) }),
    limited: (method: string, seconds: number) => metrics.observe('apiWaits', { method }, seconds),
  };
  const shared = { transport, clock, random, hooks };
  const kube = createClient({
    ...shared,
    qps: options.kubeQps,
    burst: options.kubeBurst,
    onWrite: (write) => writes.onWrite(write),
    knownVersion: (ref) => writes.knownVersion(ref),
  });
  const rpc = createRpc(now);
  const topo = createTopoAccess({ now });
  const feed = createFeed({ topo, rpc, clock, random });
  const wakeups = createWakeups();
  feed.onChange((key) => wakeups.wake('shard', parseKey(key)));
  const deps: Deps = {
    kube,
    listers: stores,
    applier: createApplier(kube, clock),
    clock,
    random,
    log,
    events: createEventRecorder({
      api: kube,
      clock,
      instance: identity,
      log,
      dropped: (reason) => metrics.add('eventsDropped', { reason }),
    }),
    metrics,
    topo,
    rpc,
    feed,
    wakeups,
    fleet: createFleet(options.maxRollingClusters, now),
    options,
  };
  const informers = createInformers(deps, stores);
  return {
    deps,
    manager: createManager({ controllers: createControllers(), informers, deps, writes }),
    leaseApi: createClient({ ...shared, deadlineMs: LEASE_DEADLINE_MS }),
    identity,
  };
}

/** Reconciles while leading, until `signal` aborts; true when that was the reason for the end. */
async function lead(world: World, signal: AbortSignal): Promise<boolean> {
  const { deps, manager, leaseApi, identity } = world;
  const { options, log, metrics, clock, random } = deps;
  const work = async (leading: AbortSignal) => {
    metrics.set('leader', { name: options.leaseName }, 1);
    const late = async (): Promise<void> => {
      if (!leading.aborted) await once(leading, 'abort');
      await sleep(clock, signal.aborted ? options.shutdownMs : LOST_GRACE_MS);
    };
    await Promise.race([manager.reconcile(leading), late()]);
    if (signal.aborted) await deps.events.flush(2_000);
    metrics.set('leader', { name: options.leaseName }, 0);
  };
  if (!options.leaderElect) {
    await work(signal);
    return true;
  }
  const { namespace, leaseName: name } = options;
  const lease = { api: leaseApi, namespace, name, identity, clock, random, log };
  return (await runWithLease(lease, work, signal)) === 'released';
}

/** Runs the controller until it is told to stop; returns the exit code. */
export async function run(
  argv: readonly string[],
  env: Record<string, string | undefined>,
  signal: AbortSignal,
): Promise<number> {
  const parsed = parseOptions(argv, env);
  if (!parsed.ok) {
    process.stderr.write(`${parsed.problems.join('\n')}\n`);
    return 2;
  }
  const options = parsed.value;
  const log = createLog(options.logLevel);
  const transport = createTransport(loadKubeConfig(env), systemClock);
  const world = assemble(options, log, transport);
  const { manager, deps, identity } = world;
  const servers = await startServers({
    healthAddress: options.healthAddress,
    metricsAddress: options.metricsAddress,
    notReady: () => {
      if (signal.aborted) return 'shutting down';
      return manager.synced ? undefined : `still reading ${manager.missing().join(', ')}`;
    },
    metrics: deps.metrics,
  });
  log.info({ identity, namespaces: options.watchNamespaces }, 'controller starts');
  const stopWatching = new AbortController();
  const watching = manager.watch(stopWatching.signal);
  const asked = await lead(world, signal);
  stopWatching.abort();
  await watching;
  deps.feed.close();
  deps.rpc.close();
  deps.topo.close();
  await transport.close();
  await servers.close();
  log.info({ identity }, asked ? 'controller stopped' : 'controller stops without the lease');
  return asked ? 0 : 1;
}
