/** The network between one life of the operator and the API server: it takes time, and it fails when told to. */
import { KINDS, type KubeObject } from '../../../../schemas/k8s.ts';
import type { HttpRequest, HttpResponse, Transport } from '../../../../kube/transport.ts';
import { READ_LIVE } from '../../rights.ts';
import type { Session } from '../session.ts';
import type { ApiServer, ServerEvent, Written } from './api-server.ts';
import type { Failure, Faults } from './faults.ts';
import { isWrite } from './faults.ts';
import { Refusal } from './refusals.ts';
import type { ApiRequest } from './requests.ts';
import { carryOut, parseRequest, selectorTest } from './requests.ts';

export interface TransportOptions {
  server: ApiServer;
  session: Session;
  faults: Faults;
  evict: (request: ApiRequest) => Written;
  /** Of one request, there and back, in ms. */
  requestMs: () => number;
  /** From a change to the copies of the operator, in ms. */
  watchMs: () => number;
}

/** Shorter than the silence after which an informer takes its watch for dead. */
const BOOKMARK_MS = 60_000;

const bytesOf = new WeakMap<object, Uint8Array>();

/** JSON of a body; objects never change, so each is written once. */
function bytes(body: object): Uint8Array {
  const known = bytesOf.get(body);
  if (known) return known;
  const made = Buffer.from(JSON.stringify(body));
  bytesOf.set(body, made);
  return made;
}

async function* once(body: object): AsyncGenerator<Uint8Array> {
  yield bytes(body);
}

const response = (status: number, body: object, retryAfterS?: number): HttpResponse => ({
  status,
  headers: {
    'content-type': 'application/json',
    ...(retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }),
  },
  body: once(body),
});

const reset = (): Error => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });

const refused = (error: unknown): HttpResponse => {
  if (!(error instanceof Refusal)) throw error;
  return response(error.code, error.body, error.retryAfterSeconds);
};

export function createFakeTransport(options: TransportOptions): Transport {
  const { session, faults } = options;
  return {
    async send(http) {
      const request = parseRequest(http);
      if (request.verb === 'watch') {
        return session.request(options.requestMs(), () => watch(options, request, http.signal));
      }
      const failure = faults.of(request);
      if (failure === 'hang' || failure === 'hang-after-effect') {
        if (failure === 'hang-after-effect') {
          await session.request(options.requestMs(), () => handle(options, request));
        }
        return givenUp(http);
      }
      return session.request(options.requestMs(), () => answer(options, request, failure));
    },
    close: async () => {},
  };
}

function givenUp(http: HttpRequest): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = (): void => reject(http.signal.reason as Error);
    if (http.signal.aborted) fail();
    else http.signal.addEventListener('abort', fail, { once: true });
  });
}

function answer(
  options: TransportOptions,
  request: ApiRequest,
  failure: Failure | undefined,
): HttpResponse {
  if (failure === 'no-answer') throw reset();
  if (typeof failure === 'object') {
    const { status, reason = 'Injected', message = 'refused by the test', retryAfterS } = failure;
    return refused(new Refusal(status, reason, message, retryAfterS));
  }
  const answered = handle(options, request);
  if (failure === 'lost-answer') throw reset();
  return answered;
}

function handle(options: TransportOptions, request: ApiRequest): HttpResponse {
  try {
    allow(request);
    const { status, body, written } = carryOut(options.server, request, options.evict);
    if (written && isWrite(request)) note(options.session, request, written);
    return response(status, body);
  } catch (error) {
    return refused(error);
  }
}

/** As the chart's roles do. */
function allow({ verb, kind, name }: ApiRequest): void {
  if (verb !== 'get' || READ_LIVE.some((known) => KINDS[known] === kind)) return;
  throw new Refusal(403, 'Forbidden', `cannot get ${kind.plural} ${name}: the chart grants no get`);
}

/** A write that changed something, Events aside. */
function note(session: Session, request: ApiRequest, written: Written): void {
  const { verb, kind, name, subresource } = request;
  if (written.before === written.after || kind.kind === 'Event') return;
  if (verb === 'get' || verb === 'list' || verb === 'watch') return;
  session.effect({
    of: 'kube',
    what: `${verb} ${kind.kind} ${name}${subresource ? ` ${subresource}` : ''}`,
    verb,
    kind: kind.kind,
    name,
    ...(subresource ? { subresource } : {}),
    ...written,
  });
}

/** Events as they happen, each after its time on the way, in order; bookmarks in between. */
function watch(options: TransportOptions, request: ApiRequest, signal: AbortSignal): HttpResponse {
  const { server, session } = options;
  const { kind, namespace, query } = request;
  const matches = selectorTest(query.get('labelSelector'));
  const queue: object[] = [];
  let wake = (): void => {};
  let ended = false;
  let lastMs = 0;
  let unsubscribe = (): void => {};
  const push = (item: object): void => {
    lastMs = Math.max(lastMs, session.clock.now() + options.watchMs());
    session.later(lastMs - session.clock.now(), () => {
      queue.push(item);
      wake();
    });
  };
  const onEvent = (event: ServerEvent): void => {
    if (ended || event.kind !== kind || !matches(event.object)) return;
    if (namespace !== undefined && event.object.metadata.namespace !== namespace) return;
    push({ type: event.type, object: event.object });
  };
  const bookmark = (): void => {
    if (ended) return;
    const metadata = { resourceVersion: server.revision } as KubeObject['metadata'];
    push({ type: 'BOOKMARK', object: { metadata } });
    session.later(BOOKMARK_MS, bookmark);
  };
  const end = (): void => {
    ended = true;
    unsubscribe();
    wake();
  };
  for (const event of server.since(kind, Number(query.get('resourceVersion') ?? 0))) onEvent(event);
  unsubscribe = server.onEvent(onEvent);
  session.later(BOOKMARK_MS, bookmark);
  session.later(Number(query.get('timeoutSeconds') ?? 300) * 1000, end);
  signal.addEventListener('abort', end, { once: true });

  async function* lines(): AsyncGenerator<Uint8Array> {
    while (!ended) {
      const item = queue.shift();
      if (item) yield Buffer.concat([bytes(item), NEWLINE]);
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  return { status: 200, headers: { 'content-type': 'application/json' }, body: lines() };
}

const NEWLINE = Buffer.from('\n');
