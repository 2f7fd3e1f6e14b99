import type { KindRef, KubeObject } from '../schemas/k8s.ts';
import type { KubeApi, ListOptions, ListResult, Scope, WatchEvent } from './api.ts';
import { backoffMs, sleep, type Clock } from './clock.ts';
import { isKubeError } from './errors.ts';
import type { Log } from './log.ts';
import type { Change, Store } from './store.ts';

type ChangeHandler = (change: Change) => void;

interface InformerOptions extends Scope {
  api: Pick<KubeApi, 'list' | 'watch'>;
  kind: KindRef;
  /** May be shared by informers of several namespaces. */
  store: Store;
  /** A kind that the API server may not serve: counts as synced, and empty, until it does. */
  optional?: boolean;
  clock: Clock;
  random: () => number;
  log: Pick<Log, 'debug' | 'warn'>;
  /** Objects per page of a list; default 500. */
  pageSize?: number;
  /** The watch is taken for dead after this silence; default 100 s, as bookmarks come each minute. */
  inactivityMs?: number;
  /** Called before each new list or watch after the first. */
  onRestart?: (reason: 'end' | 'error' | 'relist') => void;
}

const PAGE_SIZE = 500;
const INACTIVITY_MS = 100_000;
/** Watches end on the server's side after 5 to 10 min, so that load spreads over API servers again. */
const WATCH_SECONDS = 300;
/** A watch that lived so long was a good one, whatever ended it. */
const LASTING_MS = 30_000;
const RETRY = { baseMs: 800, maxMs: 30_000, jitter: 0.5 };
/** Between looks for a kind that is not served, or that we may not read. */
const ABSENT_MS = 60_000;
/** The first of those looks come with the usual back-off: 5 of them take about 25 s. */
const HASTY_TRIES = 5;
/** A page token can expire while reading a long list: so often it is begun anew. */
const LIST_TRIES = 3;

/** Keeps a store in step with the API, whatever happens to connections. */
export class Informer {
  readonly #options: InformerOptions;
  readonly #handlers: ChangeHandler[] = [];
  #synced = false;
  #lostMs: number | undefined;
  readonly #firstList = Promise.withResolvers<void>();

  constructor(options: InformerOptions) {
    this.#options = options;
    this.#lostMs = options.clock.now();
  }

  get kind(): KindRef {
    return this.#options.kind;
  }

  /** True after the first complete list. */
  get hasSynced(): boolean {
    return this.#synced;
  }

  /**
   * Since when no watch is open, by the clock; undefined while one is. What happened in the API since
   * that moment may be missing in the store.
   */
  get lostMs(): number | undefined {
    return this.#lostMs;
  }

  /** Resolves after the first complete list. */
  whenSynced(): Promise<void> {
    return this.#firstList.promise;
  }

  /** Register before `start`: later handlers miss what came before. Handlers must be quick. */
  onChange(handler: ChangeHandler): void {
    this.#handlers.push(handler);
  }

  /** Lists and watches until `signal` aborts. Never rejects for reasons outside of this process. */
  async start(signal: AbortSignal): Promise<void> {
    let position: string | undefined;
    let failures = 0;
    while (!signal.aborted) {
      const startedMs = this.#options.clock.now();
      // a watch that lasted ends the series of failures: on a quiet cluster nothing else would
      const settle = () => {
        if (this.#options.clock.now() - startedMs >= LASTING_MS) failures = 0;
      };
      try {
        if (position === undefined) position = await this.#relist(signal);
        position = await this.#watch(position, signal, () => (failures = 0));
        settle();
        this.#options.onRestart?.('end');
        // A server that closes at once must not be asked in a tight loop.
        if (!signal.aborted) await sleep(this.#options.clock, this.#delay(failures++), signal);
      } catch (error) {
        if (signal.aborted) return;
        settle();
        if (isKubeError(error, 'gone') && position !== undefined) {
          position = undefined;
          this.#options.onRestart?.('relist');
          await sleep(this.#options.clock, this.#delay(failures++), signal);
          continue;
        }
        await this.#recover(error, failures++, signal);
      }
    }
  }

  async #recover(error: unknown, failures: number, signal: AbortSignal): Promise<void> {
    const { kind, log, namespace } = this.#options;
    this.#options.onRestart?.('error');
    const absent = isKubeError(error, 'gone');
    if (absent && this.#options.optional) this.#markSynced();
    // a CRD or a role that is being installed is there in a moment; later there is no hurry
    const settled = (absent || isKubeError(error, 'denied')) && failures >= HASTY_TRIES;
    const ms = settled ? ABSENT_MS : this.#delay(failures);
    const asked = isKubeError(error) ? (error.retryAfterMs ?? 0) : 0;
    const fields = { kind: kind.kind, ns: namespace, failures: failures + 1, err: error };
    if (absent && this.#options.optional) log.debug(fields, 'kind is not served');
    else if (failures > 0) log.warn(fields, 'cannot read from the Kubernetes API, trying again');
    else log.debug(fields, 'watch was interrupted');
    await sleep(this.#options.clock, Math.max(ms, asked), signal);
  }

  #delay(attempt: number): number {
    return backoffMs(attempt, RETRY, this.#options.random);
  }

  get #scope(): Scope {
    const { namespace, labelSelector, fieldSelector, metadataOnly } = this.#options;
    return { namespace, labelSelector, fieldSelector, metadataOnly };
  }

  async #relist(signal: AbortSignal): Promise<string> {
    const { api, clock, store, namespace, pageSize: limit = PAGE_SIZE } = this.#options;
    const startedMs = clock.now();
    const list = await listAll(api, this.kind, { limit, ...this.#scope });
    if (signal.aborted) return list.resourceVersion;
    const scope = { namespace, startedMs, initial: !this.#synced };
    for (const change of store.replace(list.items, scope)) this.#notify(change);
    this.#markSynced();
    return list.resourceVersion;
  }

  /** Watches from a position to the end of the request; returns the position reached. */
  async #watch(from: string, signal: AbortSignal, alive: () => void): Promise<string> {
    const { api, store, random } = this.#options;
    let position = from;
    const onEvent = (event: WatchEvent) => {
      alive();
      const version = event.object.metadata.resourceVersion;
      if (version !== undefined) position = version;
      if (event.type === 'BOOKMARK') return;
      const change = store.applyEvent(event.type, event.object);
      if (change) this.#notify(change);
    };
    try {
      await api.watch(
        this.kind,
        {
          resourceVersion: from,
          timeoutSeconds: Math.round(WATCH_SECONDS * (1 + random())),
          inactivityMs: this.#options.inactivityMs ?? INACTIVITY_MS,
          onOpen: () => (this.#lostMs = undefined),
          ...this.#scope,
        },
        onEvent,
        signal,
      );
    } catch (error) {
      // What was received counts, also when the end was not clean.
      if (isKubeError(error, 'gone') || position === from) throw error;
      this.#options.log.debug({ kind: this.kind.kind, err: error }, 'watch was interrupted');
    } finally {
      this.#lostMs ??= this.#options.clock.now();
    }
    return position;
  }

  #notify(change: Change): void {
    for (const handler of this.#handlers) {
      try {
        handler(change);
      } catch (error) {
        this.#options.log.warn(
          { kind: this.kind.kind, name: change.object.metadata.name, err: error },
          'a handler of changes failed',
        );
      }
    }
  }

  #markSynced(): void {
    this.#synced = true;
    this.#firstList.resolve();
  }
}

/** All pages of a list. A page token that expires on the way makes it begin again. */
export async function listAll(
  api: Pick<KubeApi, 'list'>,
  kind: KindRef,
  options: ListOptions,
): Promise<ListResult> {
  for (let tries = 1; ; tries++) {
    try {
      return await pages(api, kind, options);
    } catch (error) {
      const expired = isKubeError(error, 'gone') && error.status === 410;
      if (!expired || tries >= LIST_TRIES) throw error;
    }
  }
}

async function pages(
  api: Pick<KubeApi, 'list'>,
  kind: KindRef,
  options: ListOptions,
): Promise<ListResult> {
  const items: KubeObject[] = [];
  let page = await api.list(kind, options);
  for (;;) {
    items.push(...page.items);
    if (page.continue === undefined) return { items, resourceVersion: page.resourceVersion };
    page = await api.list(kind, { ...options, continue: page.continue });
  }
}
