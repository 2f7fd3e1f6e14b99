/** The topology in memory: keys with revisions, and clients that reach it or do not. */
import { EtcdError } from '../../../../controller/topo/client.ts';
import type { EtcdClient } from '../../../../controller/topo/client.ts';
import type { KeyValue } from '../../../../controller/topo/etcd.ts';
import type { TopoAccess } from '../../../../controller/topo/access.ts';
import type { Session } from '../session.ts';

export class Etcd {
  readonly #keys = new Map<string, KeyValue>();
  readonly #listeners: ((key: string) => void)[] = [];
  #revision = 1;
  /** False while nobody reaches it. */
  available = true;

  onChange(listener: (key: string) => void): void {
    this.#listeners.push(listener);
  }

  get(key: string): KeyValue | undefined {
    return this.#keys.get(key);
  }

  range(prefix: string): KeyValue[] {
    return [...this.#keys.values()]
      .filter(({ key }) => key.startsWith(prefix))
      .toSorted((a, b) => (a.key < b.key ? -1 : 1));
  }

  get revision(): string {
    return String(this.#revision);
  }

  put(key: string, value: Uint8Array): void {
    this.#revision += 1;
    const modRevision = String(this.#revision);
    const known = this.#keys.get(key);
    this.#keys.set(key, {
      key,
      value: Buffer.from(value),
      modRevision,
      version: String(Number(known?.version ?? '0') + 1),
      lease: '0',
    });
    this.#tell(key);
  }

  delete(key: string): boolean {
    this.#revision += 1;
    const found = this.#keys.delete(key);
    if (found) this.#tell(key);
    return found;
  }

  #tell(key: string): void {
    for (const listener of this.#listeners) listener(key);
  }
}

const REQUEST_MS = 4;
/** What the client of the controller waits for an answer. */
const TIMEOUT_MS = 3000;

/** Access of one process of the operator: every set of endpoints leads to the same keys. */
export function topoAccess(etcd: Etcd, session: Session): TopoAccess {
  const ask = <T>(method: string, work: () => T): Promise<T> =>
    session.request(etcd.available ? REQUEST_MS : TIMEOUT_MS, () => {
      if (etcd.available) return work();
      throw new EtcdError(`etcd ${method}: deadline exceeded`, true);
    });
  const write = <T>(method: string, key: string, value: Buffer | undefined, work: () => T) =>
    ask(method, () => {
      const before = etcd.get(key)?.modRevision;
      const done = work();
      if (etcd.get(key)?.modRevision !== before) {
        const what = `${value ? 'write' : 'delete'} ${key}`;
        session.effect({ of: 'topology', what, key, ...(value ? { value } : {}) });
      }
      return done;
    });
  const putIf = (key: string, value: Uint8Array, isRight: (found?: KeyValue) => boolean) => {
    const bytes = Buffer.from(value);
    return write('Put', key, bytes, () => {
      if (!isRight(etcd.get(key))) return false;
      etcd.put(key, bytes);
      return true;
    });
  };
  const client: Pick<
    EtcdClient,
    'get' | 'range' | 'snapshot' | 'create' | 'update' | 'delete' | 'deleteIf' | 'close'
  > = {
    get: (key) => ask('Range', () => etcd.get(key)),
    range: (prefix) => ask('Range', () => etcd.range(prefix)),
    snapshot: (prefix) =>
      ask('Range', () => ({ kvs: etcd.range(prefix), revision: etcd.revision })),
    create: (key, value) => putIf(key, value, (found) => found === undefined),
    update: (key, value, revision) => putIf(key, value, (found) => found?.modRevision === revision),
    delete: (key) => write('DeleteRange', key, undefined, () => etcd.delete(key)),
    deleteIf: (key, revision) =>
      write('Txn', key, undefined, () =>
        etcd.get(key)?.modRevision === revision ? etcd.delete(key) : false,
      ),
    close: () => {},
  };
  return { client: () => client as unknown as EtcdClient, close: () => {} };
}
