/** Follows the poolers' health and gives connections their targets; lets clients wait for a primary. */
import type { Multipooler } from '../../controller/topo/types.ts';
import { keepHealthStream, type HealthStream } from '../control/health-stream.ts';
import type { TlsFiles } from '../grpc.ts';
import { HEALTH_SERVICE, type PoolerHealthMessage } from '../internal.ts';
import type { Log } from '../log.ts';
import {
  outageBegins,
  outageEnds,
  patience,
  type BufferOptions,
  type BufferState,
} from './buffer.ts';
import {
  choosePrimary,
  chooseReplica,
  ERRORS,
  type ClientError,
  type ReplicaOptions,
  type RoutePooler,
} from './routes.ts';

export type PortKind = 'primary' | 'replica';

export interface RouterOptions {
  buffer: BufferOptions;
  replica: ReplicaOptions;
  tls: TlsFiles | undefined;
  log: Log;
  now: () => number;
  random: () => number;
}

/** Told when a pooler may no longer be used by connections of that kind. */
export type OnLeave = (poolerId: string, kind: PortKind, why: ClientError) => void;

/** Rejection of `target` and `primary`. */
export class NoTarget extends Error {
  readonly error: ClientError;
  constructor(error: ClientError) {
    super(error.message);
    this.error = error;
  }
}

interface Waiter {
  done(): void;
  fail(error: ClientError): void;
}

export class Router {
  private readonly o: RouterOptions;
  private readonly poolers = new Map<
    string,
    { route: RoutePooler; address: string; stream?: HealthStream }
  >();
  private readonly waiters = new Set<Waiter>();
  private buffer: BufferState = {};
  private primaryId: string | undefined;
  onLeave: OnLeave = () => {};

  constructor(options: RouterOptions) {
    this.o = options;
    this.buffer = outageBegins({}, options.now(), options.buffer);
  }

  /** Number of poolers known; /ready wants one. */
  discovered(): number {
    return this.poolers.size;
  }

  /** Host and port of every pooler's postgres, for cancel requests whose owner is not known. */
  everyone(): RoutePooler[] {
    return this.routes().filter((route) => !route.tombstoned);
  }

  private routes(): RoutePooler[] {
    return [...this.poolers.values()].map((entry) => entry.route);
  }

  /** Takes over a reading of all pooler records. */
  update(records: readonly Multipooler[]): void {
    for (const record of records) this.take(record);
    const names = new Set(records.map((r) => `${r.id?.cell}/${r.id?.name}`));
    for (const [id, entry] of this.poolers) {
      if (names.has(id)) continue;
      entry.stream?.close();
      this.poolers.delete(id);
    }
    this.settle();
  }

  private take(record: Multipooler): void {
    const id = `${record.id?.cell}/${record.id?.name}`;
    const address = `${record.hostname}:${record.port_map?.['grpc'] ?? 0}`;
    const place = { host: record.hostname ?? '', port: record.port_map?.['postgres'] ?? 5432 };
    const tombstoned = record.lifecycle_status?.status === 'LIFECYCLE_SHUTDOWN';
    let entry = this.poolers.get(id);
    if (entry === undefined) {
      entry = {
        address,
        route: { id, cell: record.id?.cell ?? '', connected: false, tombstoned, ...place },
      };
      this.poolers.set(id, entry);
    }
    const returned = entry.route.tombstoned && !tombstoned;
    Object.assign(entry.route, place, { tombstoned });
    if (address !== entry.address || tombstoned) {
      entry.stream?.close();
      delete entry.stream;
      entry.route.connected = false;
    }
    entry.address = address;
    if (tombstoned) return;
    if (returned) delete entry.route.health;
    entry.stream ??= this.follow(entry.route, address);
  }

  private follow(route: RoutePooler, address: string): HealthStream {
    return keepHealthStream<PoolerHealthMessage>({
      address,
      tls: this.o.tls,
      definition: HEALTH_SERVICE,
      method: 'streamHealth',
      hello: {},
      twoWay: false,
      onMessage: (message) => {
        route.connected = true;
        route.health = message;
        this.settle();
      },
      onDown: () => {
        route.connected = false;
        this.settle();
      },
    });
  }

  /** Compares with what was true before: starts and ends outages, sends connections away. */
  private settle(): void {
    const choice = choosePrimary(this.routes());
    const id = 'pooler' in choice ? choice.pooler.id : undefined;
    if (id === this.primaryId) return;
    const before = this.primaryId;
    this.primaryId = id;
    if (before !== undefined) this.onLeave(before, 'primary', this.whyLeft(before, choice));
    this.o.log.info('primary changed', { from: before, to: id });
    if (id === undefined) {
      this.buffer = outageBegins(this.buffer, this.o.now(), this.o.buffer);
      return;
    }
    this.buffer = outageEnds(this.buffer);
    this.onLeave(id, 'replica', ERRORS.lost);
    for (const waiter of this.waiters) waiter.done();
  }

  private whyLeft(before: string, choice: ReturnType<typeof choosePrimary>): ClientError {
    const old = this.poolers.get(before)?.route;
    if (old === undefined || old.tombstoned) return ERRORS.dropped;
    if (!old.connected) return ERRORS.lost;
    return 'error' in choice ? choice.error : ERRORS.lost;
  }

  /** A target for a new connection; waits for a primary as long as buffering allows. @throws NoTarget */
  async target(kind: PortKind): Promise<RoutePooler> {
    if (kind === 'replica') {
      const replica = chooseReplica(this.routes(), this.o.replica, this.o.random());
      if (replica === undefined) throw new NoTarget(ERRORS.noReplica);
      return replica;
    }
    const choice = choosePrimary(this.routes());
    if ('pooler' in choice) return choice.pooler;
    const waitMs = patience(this.buffer, this.o.now(), this.o.buffer);
    if (waitMs <= 0) throw new NoTarget(choice.error);
    await this.wait(waitMs);
    return this.target(kind);
  }

  private wait(ms: number): Promise<void> {
    const oldest = this.waiters.values().next().value;
    if (this.waiters.size >= this.o.buffer.size) oldest?.fail(ERRORS.bufferFull);
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        this.waiters.delete(waiter);
      };
      const waiter: Waiter = {
        done: () => {
          end();
          resolve();
        },
        fail: (error) => {
          end();
          reject(new NoTarget(error));
        },
      };
      const timer = setTimeout(() => waiter.fail(ERRORS.bufferTimeout), ms);
      this.waiters.add(waiter);
    });
  }

  /** Stops: whoever waits is told so. */
  close(): void {
    for (const waiter of this.waiters) waiter.fail(ERRORS.stopping);
    for (const entry of this.poolers.values()) entry.stream?.close();
  }
}
