/** Keeps multiorch's view of one shard: records from etcd, health from a stream per pooler. */
import { serviceDefinition } from '../../controller/proto/load.ts';
import type { ServiceDefinition } from '@grpc/grpc-js';
import type { Multipooler } from '../../controller/topo/types.ts';
import { keepHealthStream, type HealthStream } from '../control/health-stream.ts';
import type { TlsFiles } from '../grpc.ts';
import type { Log } from '../log.ts';
import { idKey, type PoolerView, type ShardKey, type ShardView } from './model.ts';
import { recordPart, toHealth, type StatusMessage } from './messages.ts';

interface Entry {
  view: PoolerView;
  address: string;
  stream?: HealthStream;
}
interface HealthStreamMessage {
  snapshot?: { status?: StatusMessage };
}

export interface WatchOptions {
  key: ShardKey;
  /** --pooler-health-check-interval, ms: a pooler sends its state at every change and this often. */
  healthIntervalMs: number;
  tls: TlsFiles | undefined;
  log: Log;
  now: () => number;
}

/** After this long without its record a pooler is forgotten (a record that vanished without SHUTDOWN), ms. */
const FORGET_AFTER_MS = 4 * 3600_000;

export class ShardWatch {
  private readonly entries = new Map<string, Entry>();
  private readonly options: WatchOptions;
  /** Bootstrap policy of the shard's database, once it is known. */
  bootstrapPolicy: string | undefined;

  constructor(options: WatchOptions) {
    this.options = options;
  }

  view(): ShardView {
    const view: ShardView = {
      key: this.options.key,
      poolers: [...this.entries.values()].map((e) => e.view),
    };
    return this.bootstrapPolicy === undefined
      ? view
      : { ...view, bootstrapPolicy: this.bootstrapPolicy };
  }

  /** Takes over a reading of all pooler records. */
  update(records: Multipooler[]): void {
    const { key, now } = this.options;
    const mine = records.filter(
      (r) =>
        r.shard_key?.database === key.database &&
        r.shard_key.table_group === key.tableGroup &&
        r.shard_key.shard === key.shard,
    );
    for (const record of mine) this.take(record);
    const names = new Set(mine.map((r) => idKey(recordPart(r).id)));
    for (const [name, entry] of this.entries) {
      if (names.has(name) || now() - entry.view.lastSeenMs < FORGET_AFTER_MS) continue;
      entry.stream?.close();
      this.entries.delete(name);
    }
  }

  private take(record: Multipooler): void {
    const part = recordPart(record);
    const name = idKey(part.id);
    const address = `${part.hostname}:${part.grpcPort}`;
    let entry = this.entries.get(name);
    if (entry === undefined) {
      entry = {
        address,
        view: { ...part, connected: false, lastSeenMs: 0, foundMs: this.options.now() },
      };
      this.entries.set(name, entry);
    }
    const before = entry.view.lifecycle;
    Object.assign(entry.view, part);
    const dead = part.lifecycle === 'SHUTDOWN';
    if (dead || address !== entry.address) this.disconnect(entry);
    entry.address = address;
    if (dead) return;
    if (before !== part.lifecycle && part.lifecycle === 'STARTING') entry.stream?.hurry();
    entry.stream ??= this.connect(entry);
  }

  private disconnect(entry: Entry): void {
    entry.stream?.close();
    delete entry.stream;
    entry.view.connected = false;
  }

  private connect(entry: Entry): HealthStream {
    const { log, now, tls, healthIntervalMs } = this.options;
    const interval = {
      seconds: String(Math.floor(healthIntervalMs / 1000)),
      nanos: (healthIntervalMs % 1000) * 1e6,
    };
    const view = entry.view;
    return keepHealthStream<HealthStreamMessage>({
      address: entry.address,
      tls,
      definition: serviceDefinition('MultipoolerManager') as ServiceDefinition,
      method: 'ManagerHealthStream',
      hello: { start: { snapshot_interval: interval, staleness_timeout: { seconds: '90' } } },
      twoWay: true,
      onMessage: (message) => {
        if (message.snapshot?.status === undefined) return;
        view.connected = true;
        view.lastSeenMs = now();
        view.health = toHealth(message.snapshot.status);
      },
      onDown: (error) => {
        if (view.connected) log.info('health stream ended', { pooler: view.id.name, error });
        view.connected = false;
      },
    });
  }

  close(): void {
    for (const entry of this.entries.values()) this.disconnect(entry);
  }
}
