/**
 * The write ledger: clients inside the cluster write numbered rows through the gateway's Service for as
 * long as it is open, each acknowledged row is recorded, and `verify` reads every one of them back from
 * each Postgres.
 */
import { randomUUID } from 'node:crypto';
import { COMPONENTS, LABELS } from '../../schemas/labels.ts';
import { KINDS, type Pod } from '../../schemas/k8s.ts';
import { names } from '../../schemas/names.ts';
import { PORTS } from '../../schemas/ports.ts';
import { controlPlaneNode } from '../lib/nodes.ts';
import { until } from '../lib/run.ts';
import type { World } from '../lifecycle/world.ts';
import { follow } from '../witness/watch.ts';
import { CRASH_NOTICED_MS, noteGateway } from './gateway-ends.ts';
import { endedWithGateway, type GatewayEnd } from './gateways.ts';
import { LEDGER_NAMESPACE, ledgerObjects, ledgerProgram } from './pod.ts';
import { openSource } from './pull.ts';
import type { LedgerRecord, WriterSettings } from './records.ts';
import { elections, poolerMoments, type Election, type PoolerMoment } from './rules.ts';
import { verify, type Verification } from './verify.ts';
import { summarize, type Window, type WindowReport } from './window.ts';

export interface LedgerOptions {
  world: World;
  password: string;
  /** An image with Node, on the control plane's node: that of the operator. */
  image: string;
  /** Default 4. */
  clients?: number;
  /** Between two rows of a client, ms; default 50. */
  pauseMs?: number;
  /** Of a statement and of a connection attempt, ms; default 30 s. */
  timeoutMs?: number;
}

export interface Ledger {
  /** Value of the rows' column `run`. */
  run: string;
  /** Ends the current window and begins one of this name. */
  mark(name: string): void;
  /** What the clients met in each window; the last one reaches to now. */
  windows(): Promise<WindowReport[]>;
  /** What the clients met between two moments, ms since the epoch. */
  between(name: string, from: number, to: number): Promise<WindowReport>;
  /** Waits until every client has had a row acknowledged after this call. */
  untilWriting(timeoutMs: number): Promise<void>;
  /** Waits until all clients have gone on without a mishap for so long. */
  untilCalm(calmMs: number, timeoutMs: number): Promise<void>;
  /** Reads every acknowledged row back. Never throws for a missing row: see `lostRows`. */
  verify(timeoutMs?: number): Promise<Verification>;
  /** Every record of the poolers in the topology since the start, and the elections among them. */
  topology(): Promise<{ moments: PoolerMoment[]; elections: Election[] }>;
  /** Says that the gateway with this address died, when nobody else will: its node was killed. */
  gatewayDied(ip: string, at: number): void;
  records(): readonly LedgerRecord[];
  stop(): Promise<void>;
}

export async function startLedger(options: LedgerOptions): Promise<Ledger> {
  const { world, clients = 4 } = options;
  const { kubectl, api, cluster, namespace } = world;
  const run = randomUUID();
  const name = `ledger-${run.slice(0, 8)}`;
  const marks: { name: string; at: number }[] = [{ name: 'start', at: Date.now() }];
  const ends: GatewayEnd[] = [];
  const labelSelector = `${LABELS.component}=${COMPONENTS.multigateway},${LABELS.cluster}=${cluster}`;
  const follower = await follow(api, KINDS.Pod, { namespace, labelSelector }, (change, at) =>
    noteGateway(ends, change, at),
  );
  const ip = await startPod(options, name, run);
  const node = await controlPlaneNode(kubectl);
  const source = openSource({ api, pod: name, ip, node });
  const { records } = source;
  const fresh = (): Promise<true> =>
    until('the ledger’s records', 120_000, () => source.pull().then(() => true as const));
  await fresh();

  const sum = (window: Window): WindowReport =>
    summarize(window, records, clients, (mishap) =>
      endedWithGateway(mishap, ends, source.gatewayOf),
    );

  return {
    run,
    mark: (window) => void marks.push({ name: window, at: Date.now() }),
    windows: async () => {
      await fresh();
      const now = Date.now();
      return marks.map(({ name: window, at }, i) =>
        sum({ name: window, from: at, to: marks[i + 1]?.at ?? now }),
      );
    },
    between: async (window, from, to) => {
      await fresh();
      return sum({ name: window, from, to });
    },
    untilWriting: async (timeoutMs) => {
      const from = Date.now();
      await until(`all ${clients} clients of the ledger to write`, timeoutMs, async () => {
        await source.pull();
        const wrote = new Set<number>();
        for (const one of records)
          if (one.kind === 'acknowledged' && one.at > from) wrote.add(one.client);
        return wrote.size === clients ? true : undefined;
      });
    },
    untilCalm: async (calmMs, timeoutMs) => {
      await until(`${calmMs / 1000} s of writes without a mishap`, timeoutMs, async () => {
        await source.pull();
        const to = Date.now();
        const seen = summarize({ name: 'calm', from: to - calmMs, to }, records, clients, NONE);
        const mishaps = seen.failed.length + seen.refused.length + seen.lost;
        return seen.longestPauseMs < calmMs / 2 && mishaps === 0 ? true : undefined;
      });
    },
    verify: async (timeoutMs = 120_000) => {
      await fresh();
      return await verify(world, run, [...records], timeoutMs);
    },
    topology: async () => {
      await fresh();
      const moments = poolerMoments(records);
      return { moments, elections: elections(moments) };
    },
    gatewayDied: (address, at) =>
      void ends.push({ ip: address, from: at, to: at + CRASH_NOTICED_MS }),
    records: () => records,
    stop: async () => {
      await source.stop();
      follower.stop();
      await kubectl.try([
        '-n',
        LEDGER_NAMESPACE,
        'delete',
        `pod/${name}`,
        `configmap/${name}`,
        '--wait=false',
      ]);
    },
  };
}

const NONE = (): boolean => false;

/** Creates the pod anew and resolves with its address. */
async function startPod(options: LedgerOptions, name: string, run: string): Promise<string> {
  const { kubectl, cluster, namespace } = options.world;
  // those of runs that were ended
  await kubectl.try(['-n', LEDGER_NAMESPACE, 'delete', 'pod,configmap', '--all', '--wait=false']);
  const settings: WriterSettings = {
    host: `${names.gatewayService(cluster)}.${namespace}.svc.cluster.local`,
    port: PORTS.multigateway.postgres,
    password: options.password,
    run,
    clients: options.clients ?? 4,
    pauseMs: options.pauseMs ?? 50,
    timeoutMs: options.timeoutMs ?? 30_000,
    etcd: `http://${names.globalTopo(cluster)}.${namespace}.svc.cluster.local:${PORTS.etcd.client}`,
    prefix: '/multigres/global/poolers/',
  };
  const objects = ledgerObjects(name, options.image, await ledgerProgram(), settings);
  await kubectl.run(
    ['apply', '--server-side', '--force-conflicts', '-f', '-'],
    objects.map((object) => JSON.stringify(object)).join('\n'),
  );
  return await until('the ledger’s pod to run', 120_000, async () => {
    const pod = await kubectl.json<Pod>(['-n', LEDGER_NAMESPACE, 'get', 'pod', name]);
    if (pod.status?.phase === 'Failed') throw new Error('it has failed: see its log');
    return pod.status?.phase === 'Running' ? pod.status.podIP : undefined;
  });
}
