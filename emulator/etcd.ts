/** etcd as the runtime's programs use it: the controller's client, with unconditional writes and leases. */
import { status, type ServiceError } from '@grpc/grpc-js';
import { EtcdClient, EtcdError } from '../controller/topo/client.ts';
import { isAbsent, putRequest } from '../controller/topo/etcd.ts';

export interface Lease {
  id: string;
  /** Stops keeping it alive and gives it back; its keys vanish. Never throws. */
  revoke(): Promise<void>;
}

export class RuntimeEtcd extends EtcdClient {
  async put(key: string, value: Uint8Array): Promise<void> {
    await this.call('KV', 'Put', putRequest(key, value));
  }

  /** Writes only when the key does not exist; false when it does. The key ends with the lease. */
  createUnder(lease: string, key: string, value: Uint8Array): Promise<boolean> {
    return this.changeIf(isAbsent(key), { request_put: { ...putRequest(key, value), lease } });
  }

  /** A lease that is renewed every third of its life until it is revoked or lost. */
  async holdLease(ttlSeconds: number): Promise<Lease> {
    const answer = await this.call<{ ID?: string }>('Lease', 'LeaseGrant', {
      TTL: String(ttlSeconds),
    });
    const id = answer.ID ?? '0';
    const { stream } = this.stream<object>('Lease', 'LeaseKeepAlive');
    const timer = setInterval(() => stream.write({ ID: id }), (ttlSeconds * 1000) / 3);
    stream.on('data', () => {});
    stream.on('error', () => clearInterval(timer));
    stream.write({ ID: id });
    return {
      id,
      revoke: async () => {
        clearInterval(timer);
        stream.cancel();
        await this.revokeLease(id).catch(() => false);
      },
    };
  }

  /** False when the lease was already gone. */
  async revokeLease(id: string): Promise<boolean> {
    try {
      await this.call('Lease', 'LeaseRevoke', { ID: id });
      return true;
    } catch (error) {
      const cause = error instanceof EtcdError ? (error.cause as ServiceError) : undefined;
      if (cause?.code === status.NOT_FOUND) return false;
      throw error;
    }
  }
}
