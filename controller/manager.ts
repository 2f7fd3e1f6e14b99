import type { KindName, KindRef } from '../schemas/k8s.ts';
import { compact } from '../schemas/compact.ts';
import { LABELS } from '../schemas/labels.ts';
import type { Controller, Key, Result } from './controller.ts';
import type { Deps } from './deps.ts';
import { keyText, parseKey } from './key.ts';
import { sleep } from '../kube/clock.ts';
import type { Informer } from '../kube/informer.ts';
import { WorkQueue, type Outcome } from '../kube/queue.ts';
import type { Change } from '../kube/store.ts';
import { isNoise, outcomeOfError, reportError, type Failure } from './outcome.ts';
import type { Writes } from './own-writes.ts';

interface ManagerOptions {
  controllers: readonly Controller[];
  informers: readonly Informer[];
  deps: Deps;
  writes: Pick<Writes, 'track'>;
}

type Running = ReturnType<typeof makeRunning>;

const SYNC_REPORT_MS = 15_000;

export function createManager(options: ManagerOptions) {
  const { deps, informers } = options;
  const running = options.controllers.map((controller) => makeRunning(controller, deps));
  for (const { controller, queue } of running) {
    deps.wakeups.on(controller.name, (key) => queue.add(keyText(key), 'live'));
  }
  for (const informer of informers) {
    informer.onChange(({ type, object }) => {
      if (type === 'deleted') deps.applier.forget(object);
    });
    for (const one of running) {
      const handler = handlerFor(one, informer.kind, deps);
      if (handler) informer.onChange(handler);
    }
  }
  const missing = () => [...new Set(informers.filter((i) => !i.hasSynced).map((i) => i.kind.kind))];

  return {
    /** True when all local copies are complete. */
    get synced() {
      return missing().length === 0;
    },
    /** Kinds whose first list is still missing. */
    missing,
    /** Keeps the local copies in step until `signal` aborts. Call it once, whether leading or not. */
    async watch(signal: AbortSignal): Promise<void> {
      await Promise.all(informers.map((informer) => informer.start(signal)));
    },
    /** Waits for complete copies, then reconciles until `signal` aborts and running work has ended. */
    async reconcile(signal: AbortSignal): Promise<void> {
      if (!(await waitForSync(informers, missing, deps, signal))) return;
      const resyncs = running.map((one) => resync(one, deps, signal));
      const workers = running.map((one) =>
        one.queue.run((key) => work(one, parseKey(key), options), {
          concurrency: deps.options.workers,
          signal,
        }),
      );
      await Promise.all([...workers, ...resyncs]);
    },
  };
}

function makeRunning(controller: Controller, deps: Deps) {
  const labels = { name: controller.name };
  const { metrics, clock } = deps;
  const queue = new WorkQueue({
    clock,
    hooks: {
      added: () => metrics.add('queueAdds', labels),
      retried: () => metrics.add('queueRetries', labels),
      depth: (depth) => metrics.set('queueDepth', labels, depth),
      waited: (seconds) => metrics.observe('queueWait', labels, seconds),
    },
  });
  return { controller, queue, failures: new Map<string, Failure>() };
}

/** Puts the keys that a change concerns into the queue; undefined if the kind does not concern it. */
function handlerFor(
  one: Running,
  kind: KindRef,
  deps: Deps,
): ((change: Change) => void) | undefined {
  const { controller, queue } = one;
  const sources = controller.sources.filter((source) => source.kind === kind.kind);
  const own = controller.kind === kind;
  if (!own && sources.length === 0) return undefined;
  return (change) => {
    if (isNoise(change)) return;
    const { object } = change;
    const { namespace, name } = object.metadata;
    const priority = change.initial ? 'initial' : 'live';
    if (own && namespace !== undefined) queue.add(keyText({ namespace, name }), priority);
    // An object that moved to another owner concerns the one it left as well.
    const versions = change.old ? [object, change.old] : [object];
    const keys = sources.flatMap((source) =>
      versions.flatMap((one) => source.map(one, deps.listers)),
    );
    for (const key of new Set(keys.map(keyText))) {
      if (change.initial || !controller.calmMs) queue.add(key, priority);
      else queue.addAfter(key, controller.calmMs);
    }
  };
}

/** One reconcile with its log line, metrics and what follows. */
async function work(one: Running, key: Key, options: ManagerOptions): Promise<Outcome> {
  const { controller, failures } = one;
  const { deps } = options;
  const labels = { controller: controller.name };
  const startedMs = deps.clock.now();
  const actions: string[] = [];
  deps.metrics.add('activeWorkers', labels);
  let result: Result | { error: unknown };
  try {
    result = await options.writes.track(actions, () => controller.reconcile(key, deps));
  } catch (error) {
    result = { error };
  }
  const durMs = Math.round(deps.clock.now() - startedMs);
  deps.metrics.add('activeWorkers', labels, -1);
  deps.metrics.observe('reconcileTime', labels, durMs / 1000);
  const id = keyText(key);
  const object = deps.listers[controller.kind.kind as KindName].get(key.namespace, key.name);
  const cluster = object?.metadata.labels?.[LABELS.cluster];
  const { kind } = controller.kind;
  const log = deps.log.child(compact({ kind, ns: key.namespace, name: key.name, cluster }));
  if (actions.length > 0) log.info({ action: actions.join(', '), durMs }, 'reconciled');
  if ('error' in result) {
    const failure = outcomeOfError(result.error, failures.get(id));
    failures.set(id, failure);
    reportError({ failure, key, controller, object, log, deps, durMs });
    if (!object) forgetSeries(one, key, deps);
    return failure.outcome;
  }
  if (!object) {
    one.queue.forget(id);
    forgetSeries(one, key, deps);
  }
  const before = failures.get(id);
  if ('terminal' in result) {
    deps.metrics.add('reconcileTotal', { ...labels, result: 'terminal' });
    if (before?.text !== result.terminal) log.warn({ reason: result.terminal }, 'cannot proceed');
    failures.set(id, { text: result.terminal, count: 0, outcome: { kind: 'done' } });
    return { kind: 'done' };
  }
  if (before) log.info({ after: before.text }, 'works again');
  failures.delete(id);
  const after = object ? result.requeueAfterMs : undefined;
  const outcome = after === undefined ? 'success' : 'requeue_after';
  deps.metrics.add('reconcileTotal', { ...labels, result: outcome });
  return after === undefined ? { kind: 'done' } : { kind: 'after', ms: after };
}

/** Nobody asks how an object fared that is gone. */
function forgetSeries({ controller }: Running, key: Key, { metrics }: Deps): void {
  metrics.remove('reconcileErrors', { controller: controller.name, ...key });
}

/** Looks at everything again now and then, behind live changes: a safety net, not a mechanism. */
async function resync(one: Running, deps: Deps, signal: AbortSignal): Promise<void> {
  const lister = deps.listers[one.controller.kind.kind as KindName];
  for (;;) {
    await sleep(deps.clock, deps.options.resyncMs * (1 + 0.1 * deps.random()), signal);
    if (signal.aborted) return;
    for (const { metadata } of lister.list()) {
      if (metadata.namespace === undefined) continue;
      one.queue.add(keyText({ namespace: metadata.namespace, name: metadata.name }), 'initial');
    }
    deps.metrics.set('cachedObjects', { kind: one.controller.kind.kind }, lister.list().length);
  }
}

/** False when `signal` aborts first. Says now and then what is missing. */
async function waitForSync(
  informers: readonly Informer[],
  missing: () => string[],
  deps: Deps,
  signal: AbortSignal,
): Promise<boolean> {
  const all = Promise.all(informers.map((informer) => informer.whenSynced())).then(() => true);
  while (!signal.aborted) {
    const stop = new AbortController();
    const late = sleep(deps.clock, SYNC_REPORT_MS, AbortSignal.any([signal, stop.signal]));
    const done = await Promise.race([all, late.then(() => false)]);
    stop.abort();
    if (done) return true;
    if (!signal.aborted) deps.log.warn({ missing: missing() }, 'still reading the first lists');
  }
  return false;
}
