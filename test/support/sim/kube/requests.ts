/** From an HTTP request to what it asks of the API server, and to the answer. */
import type { KindRef, KubeObject } from '../../../../schemas/k8s.ts';
import { KINDS } from '../../../../schemas/k8s.ts';
import { FIELD_MANAGERS } from '../../../../schemas/labels.ts';
import type { HttpRequest } from '../../../../kube/transport.ts';
import type { ApiServer, DeleteRequest, Written } from './api-server.ts';
import { Refusal } from './refusals.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'apply' | 'patch' | 'delete' | 'evict';

export interface ApiRequest {
  verb: Verb;
  kind: KindRef;
  namespace?: string | undefined;
  /** Of one object; empty for collections. */
  name: string;
  subresource?: string | undefined;
  query: URLSearchParams;
  body?: unknown;
}

export interface ApiAnswer {
  status: number;
  body: object;
  /** Of writes. */
  written?: Written;
}

/** The one JSON patch that the controller sends: it replaces a status as a whole. */
type StatusPatch = [{ op: 'add'; path: '/status'; value: object }];

const BY_PATH = new Map(
  Object.values(KINDS).map((kind): [string, KindRef] => [
    `${kind.group}/${kind.version}/${kind.plural}`,
    kind,
  ]),
);

const verbOf = (request: HttpRequest, name: string, query: URLSearchParams): Verb => {
  if (request.method === 'DELETE') return 'delete';
  if (request.method === 'POST') return 'create';
  if (request.method === 'PATCH') {
    return request.headers['content-type']?.includes('apply-patch') ? 'apply' : 'patch';
  }
  if (query.get('watch') === 'true') return 'watch';
  return name === '' ? 'list' : 'get';
};

/** @throws Refusal 404 for paths that lead nowhere */
export function parseRequest(request: HttpRequest): ApiRequest {
  const [path = '', search = ''] = request.path.split('?');
  const query = new URLSearchParams(search);
  const [, api, ...parts] = path.split('/').map(decodeURIComponent);
  const group = api === 'api' ? '' : (parts.shift() ?? '');
  const version = parts.shift() ?? '';
  const isScoped = parts[0] === 'namespaces' && parts.length > 2;
  const namespace = isScoped ? parts[1] : undefined;
  const [plural = '', name = '', subresource] = isScoped ? parts.slice(2) : parts;
  const kind = BY_PATH.get(`${group}/${version}/${plural}`);
  if (!kind) throw new Refusal(404, 'NotFound', `the server could not find ${path}`);
  const body: unknown = request.body === undefined ? undefined : JSON.parse(request.body);
  const common = { kind, namespace, query, body };
  if (subresource === 'eviction') return { verb: 'evict', name, ...common };
  const verb = verbOf(request, name, query);
  const named = verb === 'create' ? ((body as KubeObject).metadata.name ?? '') : name;
  return { verb, name: named, subresource, ...common };
}

/** A selector such as `a=b,c=d` as a test. */
export function selectorTest(selector: string | null): (object: KubeObject) => boolean {
  const wanted = (selector ?? '').split(',').filter((part) => part !== '');
  return ({ metadata }) =>
    wanted.every((part) => {
      const [key = '', value] = part.split('=');
      return metadata.labels?.[key] === value;
    });
}

function deleteRequest(body: unknown): DeleteRequest {
  const { preconditions, gracePeriodSeconds } = (body ?? {}) as {
    preconditions?: { uid?: string; resourceVersion?: string };
    gracePeriodSeconds?: number;
  };
  return { ...preconditions, ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }) };
}

/** The object while it stays; else a Status that names it. */
function deletedBody({ before, after }: Written): object {
  if (after) return after;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Success',
    details: { uid: before?.metadata.uid },
  };
}

/** Carries a request out; watches are the transport's. Evictions need a budget's word: `evict`. */
export function carryOut(
  server: ApiServer,
  request: ApiRequest,
  evict: (request: ApiRequest) => Written,
): ApiAnswer {
  const { verb, kind, namespace, name, subresource, body } = request;
  const key = { kind, namespace, name };
  const wrote = (written: Written, status = 200): ApiAnswer => ({
    status,
    body: deletedBody(written),
    written,
  });
  switch (verb) {
    case 'get': {
      const found = server.get(key);
      if (!found) throw new Refusal(404, 'NotFound', `${kind.plural} "${name}" not found`);
      return { status: 200, body: found };
    }
    case 'list': {
      const matches = selectorTest(request.query.get('labelSelector'));
      const items = server.list(kind, namespace).filter(matches);
      return { status: 200, body: { metadata: { resourceVersion: server.revision }, items } };
    }
    case 'create':
      return wrote(server.create(kind, body as KubeObject), 201);
    case 'apply': {
      const manager = request.query.get('fieldManager') ?? FIELD_MANAGERS.controller;
      return wrote(server.apply(key, body as KubeObject, { manager, subresource }));
    }
    case 'patch':
      return wrote(
        Array.isArray(body)
          ? server.replaceStatus(key, (body as StatusPatch)[0].value)
          : server.patch(key, body as object, subresource),
      );
    case 'delete':
      return wrote(server.delete(key, deleteRequest(body)));
    case 'evict':
      return wrote(evict(request));
    case 'watch':
      throw new Error('a watch is no request with one answer');
  }
}
