/** The administration page: one read-only document over multiadmin's REST, on port 18100. */
import { createServer, type Server } from 'node:http';
import { isIP } from 'node:net';
import { untilSignal, type RunRole } from './role.ts';
import { emptyPage, gather, type Get } from './web/data.ts';
import { renderPage } from './web/page.ts';
import { keepSnapshot } from './web/snapshot.ts';

const API_TIMEOUT_MS = 3000;
const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
};

/** Reads JSON from multiadmin. @throws Error with multiadmin's own message */
function reader(base: string): Get {
  return async (path) => {
    const answer = await fetch(`${base}/api/v1/${path}`, {
      signal: AbortSignal.timeout(API_TIMEOUT_MS),
    });
    const body = (await answer.json()) as Record<string, unknown>;
    if (!answer.ok) {
      const message = body['message'];
      throw new Error(typeof message === 'string' ? message : `HTTP ${answer.status}`);
    }
    return body;
  };
}

/** Listens; where the kernel has no IPv6, `::` becomes all IPv4 addresses. */
function listen(server: Server, port: number, host: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EAFNOSUPPORT' && error.code !== 'EADDRNOTAVAIL') return reject(error);
      server.once('error', reject);
      server.listen(port, '0.0.0.0', resolve);
    });
    server.listen(port, host, resolve);
  });
}

/** Environment: MULTIADMIN_API_URL, HOSTNAME (listen address), PORT (18100), POSTGRES_HOST, _PORT, _DATABASE, _USER. */
export const runMultiadminWeb: RunRole = async (_flags, env) => {
  const get = reader((env['MULTIADMIN_API_URL'] ?? 'http://localhost:18000').replace(/\/$/, ''));
  const postgres = (name: string, otherwise: string): string =>
    env[`POSTGRES_${name}`] ?? otherwise;
  const endpoint = `postgresql://${postgres('USER', 'postgres')}@${postgres('HOST', 'localhost')}:${postgres('PORT', '5432')}/${postgres('DATABASE', 'postgres')}`;
  const clock = (): string => `${new Date().toISOString().slice(11, 19)} UTC`;
  const snapshot = keepSnapshot({
    read: () => gather(get, endpoint, clock()),
    now: Date.now,
    maxAgeMs: 2000,
    patienceMs: 600,
  });
  const server = createServer((req, res) => {
    if (req.method !== 'GET' && req.method !== 'HEAD') return void res.writeHead(405).end();
    if ((req.url ?? '/').split('?')[0] !== '/') return void res.writeHead(404).end('not found\n');
    void snapshot().then((data) => {
      res.writeHead(200, HEADERS);
      res.end(renderPage(data ?? emptyPage(endpoint, clock())));
    });
  });
  // A pod's HOSTNAME is its name unless set; only an address can be listened on.
  const host = env['HOSTNAME'] ?? '';
  const port = Number(env['PORT'] ?? '18100');
  await listen(server, port, isIP(host) === 0 ? undefined : host);
  await untilSignal();
  server.closeAllConnections();
  return 0;
};
