import { isIP } from 'node:net';
import { HttpMethod, RequestContext, type KubeConfig } from '@kubernetes/client-node';
import { noAccess } from './config.ts';

export interface HttpRequest {
  method: string;
  /** Path and query. */
  path: string;
  headers: Record<string, string>;
  body?: string;
  signal: AbortSignal;
}

export interface HttpResponse {
  status: number;
  /** Lower-case names. */
  headers: Record<string, string | undefined>;
  /** The body in pieces; must be read to its end or abandoned by the request's signal. */
  body: AsyncIterable<Uint8Array>;
}

/** One HTTP exchange with the API server. Rejects only when there is no answer. */
export interface Transport {
  send(request: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
}

type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>;

/** Tokens are read again after this time; the library refreshes files older than 60 s. */
const AUTH_MAX_AGE_MS = 20_000;

interface Session {
  dispatcher: Dispatcher;
  headers: Record<string, string>;
  atMs: number;
}

/**
 * Transport on the library's authentication and TLS. One connection pool is kept: the library would
 * open a new one, with a new TLS handshake, for each request. After a 401 or a failed connection
 * credentials and CA are loaded afresh.
 */
export function createTransport(config: KubeConfig, clock: { now(): number }): Transport {
  const cluster = config.getCurrentCluster();
  if (!cluster) throw noAccess('the kubeconfig has no current cluster: set its current-context');
  const server = new URL(cluster.server);
  const prefix = server.pathname.replace(/\/$/, '');
  let session: Session | undefined;
  let renewal: Promise<Session> | undefined;

  const authenticate = async (): Promise<Session> => {
    const context = new RequestContext(cluster.server, HttpMethod.GET);
    await config.applySecurityAuthentication(context);
    const fresh = context.getDispatcher();
    const dispatcher = session?.dispatcher ?? fresh ?? defaultTls(config, server.hostname);
    const headers = { ...(context.getHeaders() as Record<string, string>) };
    return (session = { dispatcher, headers, atMs: clock.now() });
  };
  const current = async (): Promise<Session> => {
    if (session && clock.now() - session.atMs < AUTH_MAX_AGE_MS) return session;
    renewal ??= authenticate().finally(() => {
      renewal = undefined;
    });
    return renewal;
  };
  const reset = (failed: Session) => {
    if (session !== failed) return;
    session = undefined;
    // Requests under way, watches among them, end by themselves.
    void failed.dispatcher.close().catch(() => undefined);
  };

  const once = async (request: HttpRequest, used: Session): Promise<HttpResponse> => {
    const answer = await used.dispatcher.request({
      origin: server.origin,
      path: prefix + request.path,
      method: request.method as 'GET',
      headers: { ...used.headers, ...request.headers },
      body: request.body ?? null,
      signal: request.signal,
      // Our own deadlines and inactivity timers end requests, through the signal.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const headers = Object.entries(answer.headers).map(
      ([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value] as const,
    );
    return { status: answer.statusCode, headers: Object.fromEntries(headers), body: answer.body };
  };

  return {
    async send(request) {
      const used = await current();
      try {
        const answer = await once(request, used);
        if (answer.status !== 401) return answer;
        for await (const _chunk of answer.body); // frees the connection
      } catch (error) {
        if (!request.signal.aborted) reset(used);
        throw error;
      }
      reset(used);
      return once(request, await current());
    },
    async close() {
      await session?.dispatcher.destroy();
      session = undefined;
    },
  };
}

/**
 * For a server with a publicly trusted certificate the library sets up no dispatcher. Naming the
 * server for TLS, which is the default anyway, makes it do so.
 */
function defaultTls(config: KubeConfig, hostname: string): Dispatcher {
  const own = config as unknown as {
    createDispatcher(cluster: unknown, options: object): Dispatcher | undefined;
  };
  const options = isIP(hostname) ? { rejectUnauthorized: true } : { servername: hostname };
  const dispatcher = own.createDispatcher(config.getCurrentCluster(), options);
  if (dispatcher) return dispatcher;
  throw noAccess(
    'the kubeconfig names neither a CA nor a client certificate nor a user, so no TLS connection can be set up: add certificate-authority-data',
  );
}
