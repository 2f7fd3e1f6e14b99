import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from './metrics.ts';

interface ServerOptions {
  /** `host:port` or `:port`; `0` is port 0 in tests only. */
  healthAddress: string;
  /** The same as healthAddress: one port for all. `0`: no metrics. */
  metricsAddress: string;
  /** Why this instance cannot do its work yet; undefined when it can. */
  notReady: () => string | undefined;
  metrics: Pick<Metrics, 'text' | 'contentType'>;
}

interface Page {
  status: number;
  body: string;
  type?: string;
}
type Route = () => Page | Promise<Page>;

const OK: Page = { status: 200, body: 'ok\n' };

/** Listens for probes and scrapes. Rejects when an address cannot be used. */
export async function startServers(options: ServerOptions) {
  const health: Record<string, Route> = {
    // Alive means that the event loop turns: a broken API connection heals without a restart.
    '/healthz': () => OK,
    '/readyz': () => {
      const reason = options.notReady();
      return reason === undefined ? OK : { status: 503, body: `${reason}\n` };
    },
  };
  const metrics: Record<string, Route> = {
    '/metrics': async () => ({
      status: 200,
      body: await options.metrics.text(),
      type: options.metrics.contentType,
    }),
  };
  const shared = options.metricsAddress === options.healthAddress;
  const wanted: [string, Record<string, Route>][] = [
    [options.healthAddress, shared ? { ...health, ...metrics } : health],
  ];
  if (!shared && options.metricsAddress !== '0') wanted.push([options.metricsAddress, metrics]);
  const servers: Server[] = [];
  try {
    for (const [address, routes] of wanted) servers.push(await listen(address, routes));
  } catch (error) {
    await Promise.all(servers.map(closeServer));
    throw error;
  }
  return {
    /** In the order health, metrics. */
    ports: servers.map((server) => (server.address() as AddressInfo).port),
    close: () => Promise.all(servers.map(closeServer)),
  };
}

async function listen(address: string, routes: Record<string, Route>): Promise<Server> {
  const match = /^(.*):(\d+)$/.exec(address);
  if (!match)
    throw new Error(`${JSON.stringify(address)} is not an address: write host:port or :port`);
  const host = match[1]?.replace(/^\[(.*)\]$/, '$1');
  const server = createServer((request, response) => {
    const route = routes[(request.url ?? '').split('?')[0] ?? ''];
    const allowed = request.method === 'GET' || request.method === 'HEAD';
    const page = route && allowed ? route() : { status: route ? 405 : 404, body: 'not found\n' };
    Promise.resolve(page)
      .catch((): Page => ({ status: 500, body: 'internal error\n' }))
      .then(({ status, body, type }) => {
        response.writeHead(status, { 'content-type': type ?? 'text/plain; charset=utf-8' });
        response.end(request.method === 'HEAD' ? undefined : body);
      })
      .catch(() => response.destroy());
  });
  // Probes and scrapes are small and rare: nobody may hold a connection for long.
  server.headersTimeout = 5_000;
  server.requestTimeout = 10_000;
  server.listen({ port: Number(match[2]), ...(host ? { host } : {}) });
  await once(server, 'listening');
  return server;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
