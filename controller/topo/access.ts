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

export const createTopoAccess = (options: TopoAccessOptions): TopoAccess => {
  const open = new Map<string, { client: EtcdClient; usedAt: number }>();
  const sweep = (now: number): void => {
    for (const [key, entry] of open) {
      if (now - entry.usedAt < IDLE_MS || entry.client.watching) continue;
      entry.client.close();
      open.delete(key);
    }
  };
  return {
    client(endpoints, tls) {
      const now = options.now();
      sweep(now);
      const key = JSON.stringify([endpoints, tls ?? null]);
      const known = open.get(key);
      if (known) {
        known.usedAt = now;
        return known.client;
      }
      const client = new EtcdClient({
        endpoints,
        ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
        ...(tls ? { tls } : {}),
      });
      open.set(key, { client, usedAt: now });
      return client;
    },
    close() {
      for (const { client } of open.values()) client.close();
      open.clear();
    },
  };
};
