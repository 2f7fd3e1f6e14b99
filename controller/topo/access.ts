import { Pool } from '../rpc/channels.ts';
import type { TlsMaterial } from '../rpc/tls.ts';
import { EtcdClient } from './client.ts';

/** Connections to topology servers, one per set of endpoints. */
export interface TopoAccess {
  client(endpoints: string[], tls?: TlsMaterial): EtcdClient;
  close(): void;
}

/** Connections are few (one per topology server), but those of deleted clusters must not pile up. */
const IDLE_MS = 600_000;

interface TopoAccessOptions {
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Deadline of one call in ms; the client's default when absent. */
  timeoutMs?: number;
}

export const createTopoAccess = ({ now, ...rest }: TopoAccessOptions): TopoAccess => {
  const pool = new Pool<EtcdClient>({ now, idleMs: IDLE_MS, isBusy: ({ watching }) => watching });
  return {
    client: (endpoints, tls) =>
      pool.get(
        JSON.stringify([endpoints, tls ?? null]),
        () => new EtcdClient({ endpoints, tls, ...rest }),
      ),
    close: () => pool.close(),
  };
};
