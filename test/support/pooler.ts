/** The gRPC server of a pooler without PostgreSQL: the emulator's stream over a status that a test sets. */
import type { HealthStreamRequest, StatusResponse } from '../../controller/rpc/types.ts';
import type { GrpcServer, ServerDuplexStream, TlsFiles } from '../../emulator/grpc.ts';
import { serveGrpc, service, unary } from '../../emulator/grpc.ts';
import { managerHealthStream } from '../../emulator/pooler/streams.ts';

export interface PoolerServer {
  /** host:port, the same after each start. */
  readonly address: string;
  /** Streams that are open. */
  readonly streams: number;
  /** Streams that were begun since the first start. */
  readonly opened: number;
  /** Unary Status calls that were answered. */
  readonly calls: number;
  /** Answers that wait for `resume`. */
  readonly pending: number;
  /** The message that began the last stream. */
  readonly asked: HealthStreamRequest | undefined;
  /** What it answers from now on; streams tell of it at once. */
  become(status: StatusResponse): void;
  /** The same without a word: it shows in the next heartbeat or poll. */
  drift(status: StatusResponse): void;
  /** No answer until `resume`, as with a frozen PostgreSQL; then each with what was so when it was asked for. */
  freeze(): void;
  resume(): void;
  /** Ends as a killed process does: its connections break. */
  kill(): void;
  /** Breaks the streams, and goes on. */
  cut(): void;
  start(): Promise<void>;
}

export interface PoolerServerOptions {
  tls?: TlsFiles;
  /** An older or stranger runtime, without ManagerHealthStream. */
  withoutStream?: boolean;
}

export async function startPooler(
  first: StatusResponse,
  options: PoolerServerOptions = {},
): Promise<PoolerServer> {
  let status = first;
  let frozen: PromiseWithResolvers<void> | undefined;
  let server: GrpcServer | undefined;
  let port = 0;
  let opened = 0;
  let calls = 0;
  let pending = 0;
  let asked: HealthStreamRequest | undefined;
  const listeners = new Set<() => void>();
  const streams = new Set<ServerDuplexStream<HealthStreamRequest, object>>();
  const answer = async (): Promise<StatusResponse> => {
    const seen = status;
    pending++;
    await frozen?.promise;
    pending--;
    return seen;
  };
  const serve = managerHealthStream({
    status: answer,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    refusing: () => false,
  });
  const stream = (call: Parameters<typeof serve>[0]): void => {
    opened++;
    streams.add(call);
    call.once('data', (request: HealthStreamRequest) => (asked = request));
    for (const end of ['cancelled', 'error', 'close']) call.on(end, () => streams.delete(call));
    serve(call);
  };
  const start = async (): Promise<void> => {
    server = await serveGrpc({
      address: '127.0.0.1',
      port,
      ...(options.tls ? { tls: options.tls } : {}),
      services: [
        service('MultipoolerManager', {
          Status: unary(() => {
            calls++;
            return answer();
          }),
          ...(options.withoutStream ? {} : { ManagerHealthStream: stream }),
        }),
      ],
    });
    port = server.port;
  };
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  await start();
  return {
    get address() {
      return `127.0.0.1:${port}`;
    },
    get streams() {
      return streams.size;
    },
    get opened() {
      return opened;
    },
    get calls() {
      return calls;
    },
    get pending() {
      return pending;
    },
    get asked() {
      return asked;
    },
    become: (next) => {
      status = next;
      tell();
    },
    drift: (next) => {
      status = next;
    },
    freeze: () => {
      frozen = Promise.withResolvers();
    },
    resume: () => {
      frozen?.resolve();
      frozen = undefined;
    },
    kill: () => server?.stop(),
    cut: () => {
      for (const call of streams) call.emit('error', { code: 14, details: 'reconnect required' });
    },
    start,
  };
}
