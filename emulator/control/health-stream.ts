/** A pooler's health as it comes over a stream that is opened again and again. */
import type { ServiceDefinition } from '@grpc/grpc-js';
import { RpcClient, type TlsFiles } from '../grpc.ts';
import { sleep } from '../role.ts';

export interface HealthStreamOptions<A> {
  address: string;
  tls: TlsFiles | undefined;
  definition: ServiceDefinition;
  method: string;
  /** First message of a two-way stream, or the request of a one-way stream. */
  hello: unknown;
  twoWay: boolean;
  onMessage(message: A): void;
  /** Called at every break, also of attempts that never connected. */
  onDown(error: unknown): void;
}

export interface HealthStream {
  /** Try again at once instead of after the back-off. */
  hurry(): void;
  close(): void;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 4000;

/** Opens the stream and keeps it; the pause between two attempts grows from 0.2 to 4 s. */
export function keepHealthStream<A>(o: HealthStreamOptions<A>): HealthStream {
  const ended = new AbortController();
  let wake = new AbortController();
  let pauseMs = FIRST_PAUSE_MS;
  const run = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      const error = await once(o, ended.signal, () => (pauseMs = FIRST_PAUSE_MS));
      if (ended.signal.aborted) return;
      o.onDown(error);
      wake = new AbortController();
      await sleep(pauseMs, AbortSignal.any([wake.signal, ended.signal]));
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  };
  void run();
  return {
    hurry: () => {
      pauseMs = FIRST_PAUSE_MS;
      wake.abort();
    },
    close: () => ended.abort(),
  };
}

/** One stream from its opening to its end; resolves with what ended it. */
function once<A>(
  o: HealthStreamOptions<A>,
  signal: AbortSignal,
  onFirst: () => void,
): Promise<unknown> {
  return new Promise((resolve) => {
    const client = new RpcClient(o.address, o.definition, o.tls);
    const stream = o.twoWay
      ? client.duplex<unknown, A>(o.method)
      : client.stream<A>(o.method, o.hello);
    let settled = false;
    const finish = (error: unknown): void => {
      if (settled) return;
      settled = true;
      signal.removeEventListener('abort', onAbort);
      stream.cancel();
      client.close();
      resolve(error);
    };
    const onAbort = (): void => finish(undefined);
    signal.addEventListener('abort', onAbort);
    stream.on('error', finish);
    stream.on('end', () => finish(new Error('stream ended')));
    stream.on('data', (message: A) => {
      if (settled) return;
      onFirst();
      o.onMessage(message);
    });
    if (o.twoWay) (stream as unknown as { write(m: unknown): void }).write(o.hello);
  });
}
