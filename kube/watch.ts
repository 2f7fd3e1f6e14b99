import type { KindRef, KubeObject } from '../schemas/k8s.ts';
import { apiPath, queryOf, typed, type WatchEvent, type WatchOptions } from './api.ts';
import type { Clock } from './clock.ts';
import { errorFromNetwork, errorFromResponse, isKubeError } from './errors.ts';
import type { Requester } from './request.ts';
import { jsonLines, text } from './stream.ts';

export const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

interface WatchRun {
  kind: KindRef;
  watch: WatchOptions;
  onEvent: (event: WatchEvent) => void;
  signal: AbortSignal;
  clock: Clock;
  send: Requester['send'];
}

/** One watch request, to its end. See KubeApi.watch. */
export async function runWatch(run: WatchRun): Promise<void> {
  const { kind, watch, clock } = run;
  const what = `watch ${kind.plural}`;
  const silent = new AbortController();
  const signal = AbortSignal.any([run.signal, silent.signal]);
  let cancel = () => {};
  const alive = () => {
    cancel();
    cancel = clock.after(watch.inactivityMs, () =>
      silent.abort(new Error(`nothing received for ${watch.inactivityMs / 1000} s`)),
    );
  };
  alive();
  const query = queryOf({
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: watch.resourceVersion,
    timeoutSeconds: watch.timeoutSeconds,
    labelSelector: watch.labelSelector,
    fieldSelector: watch.fieldSelector,
  });
  try {
    const answer = await run.send(
      {
        what,
        method: 'GET',
        path: apiPath(kind, watch.namespace) + query,
        accept: watch.metadataOnly ? METADATA_ONLY : undefined,
        repeatable: false,
      },
      signal,
    );
    if (answer.status >= 400) {
      const body = await text(answer.body);
      throw errorFromResponse(what, answer.status, body, answer.headers['retry-after']);
    }
    watch.onOpen?.();
    for await (const line of jsonLines(answer.body)) {
      alive();
      deliver(what, kind, line, run.onEvent);
    }
  } catch (error) {
    if (run.signal.aborted) return;
    throw isKubeError(error) ? error : errorFromNetwork(what, error);
  } finally {
    cancel();
  }
}

function deliver(
  what: string,
  kind: KindRef,
  line: unknown,
  onEvent: (event: WatchEvent) => void,
): void {
  const { type, object } = line as { type: string; object: KubeObject & { code?: number } };
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
    case 'BOOKMARK':
      onEvent({ type, object: typed(kind, object) });
      return;
    case 'ERROR':
      throw errorFromResponse(what, object.code ?? 500, JSON.stringify(object));
    default: // a type from the future is no reason to stop
  }
}
