/** multiadmin's REST: paths, JSON in and out, errors as {code, message, details}. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { RpcError, status } from '../grpc.ts';
import { readBody, sendJson, type Route } from '../http.ts';
import { fromJson, toJson } from './json.ts';

/** One call: its path with `{field}` or `{message.field}` for what comes from the path. */
export interface RestCall {
  verb: 'GET' | 'POST';
  path: string;
  request: string;
  response: string;
  handle(request: never): Promise<object>;
}

const HTTP_STATUS: Record<number, number> = {
  [status.INVALID_ARGUMENT]: 400,
  [status.FAILED_PRECONDITION]: 400,
  [status.NOT_FOUND]: 404,
  [status.ALREADY_EXISTS]: 409,
  [status.UNIMPLEMENTED]: 501,
  [status.UNAVAILABLE]: 503,
  [status.DEADLINE_EXCEEDED]: 504,
};

const failure = (res: ServerResponse, code: number, message: string): void =>
  sendJson(res, HTTP_STATUS[code] ?? 500, { code, message, details: [] });

/** Values of the path's variables, or undefined if the path is another one. */
export function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const values: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const value = decodeURIComponent(given[i] ?? '');
    if (part.startsWith('{')) values[part.slice(1, -1)] = value;
    else if (part !== value) return undefined;
  }
  return values;
}

/** Puts `a.b` = v into {a: {b: v}}. */
function place(into: Record<string, unknown>, dotted: string, value: unknown): void {
  const [head = '', tail] = dotted.split('.');
  if (tail === undefined) into[head] = value;
  else into[head] = { ...(into[head] as object | undefined), [tail]: value };
}

async function readRequest(
  call: RestCall,
  values: Record<string, string>,
  req: IncomingMessage,
): Promise<object> {
  let json: Record<string, unknown> = {};
  if (call.verb === 'POST') {
    const body = await readBody(req);
    json = body.trim() === '' ? {} : (JSON.parse(body) as Record<string, unknown>);
  } else {
    const query = new URL(req.url ?? '/', 'http://multiadmin').searchParams;
    for (const key of new Set(query.keys())) {
      const all = query.getAll(key);
      place(json, key, all.length > 1 ? all : all[0]);
    }
  }
  const request = fromJson(call.request, json);
  for (const [name, value] of Object.entries(values)) place(request, name, value);
  return request;
}

/** The route of all calls below /api/. */
export function restRoute(calls: readonly RestCall[]): Route {
  return async (req, res) => {
    const path = (req.url ?? '/').split('?')[0] ?? '/';
    if (!path.startsWith('/api/')) return false;
    let wrongVerb = false;
    for (const call of calls) {
      const values = matchPath(call.path, path);
      if (values === undefined) continue;
      wrongVerb = true;
      if (call.verb !== req.method) continue;
      await answer(call, values, req, res);
      return true;
    }
    if (wrongVerb) failure(res, status.UNIMPLEMENTED, 'Method Not Allowed');
    else failure(res, status.NOT_FOUND, 'Not Found');
    return true;
  };
}

async function answer(
  call: RestCall,
  values: Record<string, string>,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  let request: object;
  try {
    request = await readRequest(call, values, req);
  } catch (error) {
    return failure(
      res,
      status.INVALID_ARGUMENT,
      error instanceof Error ? error.message : String(error),
    );
  }
  try {
    sendJson(res, 200, toJson(call.response, await call.handle(request as never)));
  } catch (error) {
    const code = error instanceof RpcError ? error.code : status.INTERNAL;
    failure(res, code, error instanceof Error ? error.message : String(error));
  }
}
