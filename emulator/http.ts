/** The HTTP server every runtime component has: /live, /ready, /version, /config, and an index page for anything else. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** A route of its own; return true when the request was answered. */
export type Route = (req: IncomingMessage, res: ServerResponse) => boolean | Promise<boolean>;

export interface HttpOptions {
  role: string;
  address: string;
  port: number;
  config: Readonly<Record<string, string>>;
  /** 200 when true, 503 otherwise; may be slow (multiorch asks etcd). */
  ready: () => boolean | Promise<boolean>;
  routes?: readonly Route[];
  /** pgctld answers 404 to unknown paths, the others an index page with 200. */
  unknown?: 404 | 200;
}

/** Sends JSON with a status. */
export function sendJson(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(JSON.stringify(body));
}

/** Whole body of a request as text, at most 1 MiB. */
export async function readBody(req: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of req) {
    const chunk = Buffer.from(part as Uint8Array);
    size += chunk.length;
    if (size > 1 << 20) throw new Error('request body over 1 MiB');
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString('utf8');
}

async function answer(o: HttpOptions, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const path = (req.url ?? '/').split('?')[0];
  if (path === '/live') return void res.writeHead(200).end('OK\n');
  if (path === '/ready') {
    const ok = await o.ready();
    return void res.writeHead(ok ? 200 : 503).end(ok ? 'OK\n' : 'not ready\n');
  }
  if (path === '/version') return sendJson(res, 200, VERSION(o.role));
  if (path === '/config') return sendJson(res, 200, o.config);
  for (const route of o.routes ?? []) if (await route(req, res)) return;
  if (o.unknown === 404) return void res.writeHead(404).end('404 page not found\n');
  res.writeHead(200, { 'content-type': 'text/html' });
  res.end(`<html><body><h1>${o.role}</h1><p>Emulator of the Multigres runtime.</p></body></html>`);
}

const VERSION = (role: string) => ({ service: role, revision: EMULATOR_REVISION, emulator: true });
/** What serviceinfo and /version say instead of a build's revision. */
export const EMULATOR_REVISION = 'emulator';

/** Starts the server; resolves when it listens. An empty address means all interfaces, a port of 0 means none. */
export async function startHttp(o: HttpOptions): Promise<Server | undefined> {
  if (o.port === 0) return undefined;
  const server = createServer((req, res) => {
    answer(o, req, res).catch((error: unknown) => {
      if (!res.headersSent) res.writeHead(500);
      res.end(String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(o.port, o.address || undefined, resolve);
  });
  return server;
}
