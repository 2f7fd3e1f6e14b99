/** What all parts of a pooler share. */
import { RpcClient } from '../grpc.ts';
import type { Flags } from '../flags.ts';
import {
  PGCTLD_SERVICE,
  type RewindRequest,
  type StartRequest,
  type StopRequest,
} from '../internal.ts';
import type { Log } from '../log.ts';
import type { Layout } from '../pgctld/layout.ts';
import type { PostgresStatus } from '../pgctld/postgres.ts';
import type { Topo } from '../topo.ts';
import type { Backrest } from './backrest.ts';
import type { Sql } from './sql.ts';
import type { PoolerState } from './state.ts';

/** The pod's pgctld. */
export class Pgctld {
  private readonly client: RpcClient;

  /** @param address host:port of --pgctld-addr */
  constructor(address: string) {
    this.client = new RpcClient(address, PGCTLD_SERVICE);
  }

  status(): Promise<PostgresStatus> {
    return this.client.call('status', {}, 2000);
  }
  initDataDir(): Promise<unknown> {
    return this.client.call('initDataDir', {}, 120_000);
  }
  start(standby: boolean): Promise<unknown> {
    return this.client.call('start', { standby } satisfies StartRequest, 120_000);
  }
  async stop(mode: 'fast' | 'immediate', timeoutMs: number): Promise<boolean> {
    const request: StopRequest = { mode, timeoutMs };
    const answer = await this.client.call<{ stopped: boolean }>('stop', request, timeoutMs + 2000);
    return answer.stopped;
  }
  async rewind(host: string, port: number): Promise<string> {
    const request: RewindRequest = { host, port };
    return (await this.client.call<{ output: string }>('rewind', request, 1_800_000)).output;
  }
  wipe(): Promise<unknown> {
    return this.client.call('wipe', {}, 120_000);
  }
}

/** One mutating action at a time per pooler, first come first served. */
export class ActionLock {
  private tail: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  get busy(): boolean {
    return this.waiting > 0;
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    this.waiting++;
    const mine = this.tail.then(work).finally(() => this.waiting--);
    this.tail = mine.catch(() => {});
    return mine;
  }
}

export interface Context {
  flags: Flags;
  layout: Layout;
  log: Log;
  state: PoolerState;
  /** For observation and short questions, which have a time limit. */
  sql: Sql;
  /** For Status, which has none: with a frozen server it hangs, like the runtime's. */
  ask: Sql;
  /** For actions: its commits may wait for the quorum. */
  act: Sql;
  pgctld: Pgctld;
  backrest: Backrest;
  topo: Topo;
  lock: ActionLock;
  /** Reads postgres once more and takes over what it says. */
  observe: () => Promise<void>;
}
