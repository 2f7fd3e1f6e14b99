/** gRPC as the runtime serves it: several services on one port, health and build information on every port. */
import {
  credentials,
  makeGenericClientConstructor,
  Metadata,
  Server,
  ServerCredentials,
  status,
  type Client,
  type ClientReadableStream,
  type ClientDuplexStream,
  type ServerWritableStream,
  type ServiceDefinition,
  type UntypedServiceImplementation,
  type ServerDuplexStream,
  type handleUnaryCall,
} from '@grpc/grpc-js';
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { serviceDefinition, type ServiceName } from '../controller/proto/load.ts';
import './contract.ts';
import type { Flags } from './flags.ts';
import { EMULATOR_REVISION } from './http.ts';
import { statusDetails, varintField } from './rpc-status.ts';

export { status } from '@grpc/grpc-js';

/** An error that reaches the caller with this code and text, and the runtime's own detail message. */
export class RpcError extends Error {
  readonly code: number;
  /** @param code gRPC code, 0..16 */
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Files of the flags --grpc-cert, --grpc-key, --grpc-ca; with a CA client certificates are required. */
export interface TlsFiles {
  cert: string;
  key: string;
  ca?: string;
  /** Name the peer's certificate must carry (client side). */
  serverName?: string;
}

export interface ServeOptions {
  address: string;
  port: number;
  socketFile?: string;
  tls?: TlsFiles;
  services: { definition: ServiceDefinition; implementation: UntypedServiceImplementation }[];
  /** True once the process stops: every new call is then refused with UNAVAILABLE. */
  refusing?: () => boolean;
}

export interface GrpcServer {
  /** The one it got, when it was asked for 0. */
  readonly port: number;
  accepting(): boolean;
  /** Ends listening and all streams at once. */
  stop(): void;
}

/** TLS files of a server from its flags; undefined when it serves plaintext. */
export function serverTls(flags: Flags): TlsFiles | undefined {
  const cert = flags.text('grpc-cert');
  if (!cert) return undefined;
  const ca = flags.text('grpc-ca');
  return { cert, key: flags.text('grpc-key'), ...(ca ? { ca } : {}) };
}

/** TLS files for calls to poolers; undefined when --multipooler-grpc-ca is not given. */
export function poolerTls(flags: Flags): TlsFiles | undefined {
  const ca = flags.text('multipooler-grpc-ca');
  if (!ca) return undefined;
  const serverName = flags.text('multipooler-grpc-server-name');
  return {
    ca,
    cert: flags.text('multipooler-grpc-cert'),
    key: flags.text('multipooler-grpc-key'),
    ...(serverName ? { serverName } : {}),
  };
}

const raw = (value: Buffer): Buffer => value;
const json = {
  to: (value: unknown): Buffer => Buffer.from(JSON.stringify(value ?? {})),
  from: (bytes: Buffer): unknown => JSON.parse(bytes.toString('utf8') || '{}') as unknown,
};

/** A service of the emulator's own, with JSON messages: methods named `stream*` stream their answers. */
export function jsonService(name: string, methods: readonly string[]): ServiceDefinition {
  return Object.fromEntries(
    methods.map((method) => [
      method,
      {
        path: `/emulator.${name}/${method}`,
        requestStream: false,
        responseStream: method.startsWith('stream'),
        requestSerialize: json.to,
        requestDeserialize: json.from,
        responseSerialize: json.to,
        responseDeserialize: json.from,
      },
    ]),
  );
}

const HEALTH: ServiceDefinition = {
  Check: {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: raw,
    requestDeserialize: raw,
    responseSerialize: raw,
    responseDeserialize: raw,
  },
};

/** Wraps a function as a unary handler: its errors become gRPC errors as the runtime sends them. */
export function unary<Q, A>(
  handle: (request: Q) => Promise<A> | A,
  refusing: () => boolean = () => false,
): handleUnaryCall<Q, A> {
  return (call, callback) => {
    if (refusing())
      return callback({ code: status.UNAVAILABLE, details: 'server is shutting down' });
    Promise.resolve()
      .then(() => handle(call.request))
      .then(
        (answer) => callback(null, answer),
        (error: unknown) => {
          const code = error instanceof RpcError ? error.code : status.UNKNOWN;
          const details = error instanceof Error ? error.message : String(error);
          const metadata = new Metadata();
          metadata.set('grpc-status-details-bin', statusDetails(code, details));
          callback({ code, details, metadata });
        },
      );
  };
}

const readTls = (tls: TlsFiles | undefined): ServerCredentials => {
  if (!tls) return ServerCredentials.createInsecure();
  const ca = tls.ca ? readFileSync(tls.ca) : null;
  const pair = { private_key: readFileSync(tls.key), cert_chain: readFileSync(tls.cert) };
  return ServerCredentials.createSsl(ca, [pair], ca !== null);
};

/** The definition of a runtime service with its implementation. */
export function service(
  name: ServiceName,
  implementation: UntypedServiceImplementation,
): ServeOptions['services'][number] {
  return { definition: serviceDefinition(name) as ServiceDefinition, implementation };
}

/** Serves; resolves when the port (and the socket file) accept. */
export async function serveGrpc(o: ServeOptions): Promise<GrpcServer> {
  const server = new Server({ 'grpc.max_receive_message_length': 64 << 20 });
  for (const { definition, implementation } of o.services)
    server.addService(definition, implementation);
  server.addService(HEALTH, { Check: unary(() => varintField(1, 1), o.refusing) });
  const build = {
    build_info: { revision: EMULATOR_REVISION, go_version: 'none', main_path: 'emulator' },
  };
  server.addService(serviceDefinition('ServiceInfo') as ServiceDefinition, {
    GetBuildInfo: unary(() => build, o.refusing),
  });
  const bind = (target: string, creds: ServerCredentials): Promise<number> =>
    new Promise((resolve, reject) => {
      server.bindAsync(target, creds, (error, port) => (error ? reject(error) : resolve(port)));
    });
  const port = await bind(`${o.address || '0.0.0.0'}:${o.port}`, readTls(o.tls));
  if (o.socketFile) {
    rmSync(o.socketFile, { force: true });
    await bind(`unix:${o.socketFile}`, ServerCredentials.createInsecure());
    chmodSync(o.socketFile, 0o700);
  }
  let open = true;
  return {
    port,
    accepting: () => open,
    stop: () => {
      open = false;
      server.forceShutdown();
    },
  };
}

/** A client of one address. Close it when the address is no longer wanted. */
export class RpcClient {
  private readonly inner: Client & Record<string, (...args: unknown[]) => unknown>;

  constructor(address: string, definition: ServiceDefinition, tls?: TlsFiles) {
    const Constructor = makeGenericClientConstructor(definition, 'emulator');
    const creds = tls
      ? credentials.createSsl(
          tls.ca ? readFileSync(tls.ca) : null,
          tls.key ? readFileSync(tls.key) : null,
          tls.cert ? readFileSync(tls.cert) : null,
        )
      : credentials.createInsecure();
    this.inner = new Constructor(address, creds, {
      'grpc.service_config_disable_resolution': 1,
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 2000,
      'grpc.use_local_subchannel_pool': 1,
      ...(tls?.serverName ? { 'grpc.ssl_target_name_override': tls.serverName } : {}),
    }) as unknown as typeof this.inner;
  }

  /** One call. @param deadlineMs milliseconds until DEADLINE_EXCEEDED. @throws ServiceError of grpc-js */
  call<A>(method: string, request: unknown, deadlineMs: number): Promise<A> {
    return new Promise((resolve, reject) => {
      const deadline = new Date(Date.now() + deadlineMs);
      this.inner[method]?.(request, new Metadata(), { deadline }, (error: unknown, answer: A) => {
        if (error) reject(error as Error);
        else resolve(answer);
      });
    });
  }

  /** A call whose answers stream; no deadline. */
  stream<A>(method: string, request: unknown): ClientReadableStream<A> {
    return this.inner[method]?.(request) as ClientReadableStream<A>;
  }

  /** A call with streams both ways; no deadline. */
  duplex<Q, A>(method: string): ClientDuplexStream<Q, A> {
    return this.inner[method]?.() as ClientDuplexStream<Q, A>;
  }

  close(): void {
    this.inner.close();
  }
}

/** A client of a runtime service. @param address host:port */
export function clientOf(name: ServiceName, address: string, tls?: TlsFiles): RpcClient {
  return new RpcClient(address, serviceDefinition(name) as ServiceDefinition, tls);
}

export type { ServerDuplexStream, ServerWritableStream };
