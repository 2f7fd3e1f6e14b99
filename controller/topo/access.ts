import { Pool } from '../rpc/channels.ts';
import type { TlsMaterial } from '../rpc/tls.ts';
import { EtcdClient } from './client.ts';

export type TopoAccess = ReturnType<typeof createTopoAccess>;

/** Connections are few (one per topology server), but those of deleted clusters must not pile up. */
const IDLE_MS = 600_000;

interface TopoAccessOptions {
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Deadline of one call in ms; the client's default when absent. */
  timeoutMs?: number;
}

/** Connections to topology servers, one per set of endpoints. */
export const createTopoAccess = ({ now, ...rest }: TopoAccessOptions) => {
  const pool = new Pool<EtcdClient>({ now, idleMs: IDLE_MS, isBusy: ({ watching }) => watching });
  return {
    client: (endpoints: string[], tls?: TlsMaterial): EtcdClient =>
      pool.get(
        JSON.stringify([endpoints, tls ?? null]),
        () => new EtcdClient({ endpoints, tls, ...rest }),
      ),
    close: (): void => pool.close(),
  };
};
