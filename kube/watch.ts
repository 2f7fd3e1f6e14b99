import { text } from 'node:stream/consumers';
import type { KindRef, KubeObject } from '../schemas/k8s.ts';
import { apiPath, queryOf, typed, type WatchEvent, type WatchOptions } from './api.ts';
import type { Clock } from './clock.ts';
import { errorFromNetwork, errorFromResponse, isKubeError } from './errors.ts';
import type { Requester } from './request.ts';

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
  const { resourceVersion, timeoutSeconds, labelSelector, fieldSelector } = watch;
  const query = queryOf({
    ...{ watch: 'true', allowWatchBookmarks: 'true' },
    ...{ resourceVersion, timeoutSeconds, labelSelector, fieldSelector },
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

const isKnown = (type: string): type is WatchEvent['type'] =>
  ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'].includes(type);

function deliver(
  what: string,
  kind: KindRef,
  line: unknown,
  onEvent: (event: WatchEvent) => void,
): void {
  const { type, object } = line as { type: string; object: KubeObject & { code?: number } };
  if (type === 'ERROR') throw errorFromResponse(what, object.code ?? 500, JSON.stringify(object));
  // a type from the future is no reason to stop
  if (isKnown(type)) onEvent({ type, object: typed(kind, object) });
}

/** JSON values of a body with one per line, as they arrive. A last line without its end is dropped. */
async function* jsonLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  let rest: Uint8Array[] = [];
  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const line = Buffer.concat([...rest, chunk.subarray(start, end)]).toString('utf8');
      rest = [];
      start = end + 1;
      if (line.trim() !== '') yield JSON.parse(line);
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  }
}
