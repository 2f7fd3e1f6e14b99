/** One watch call of etcd, from its opening to its end. */
import { Metadata, status, type ClientDuplexStream, type ServiceError } from '@grpc/grpc-js';

export interface WatchAnswer<Event> {
  canceled?: boolean;
  cancel_reason?: string;
  /** Set when the revision to begin from is no longer there. */
  compact_revision?: string;
  events?: Event[];
}

interface WatchRun<Event> {
  stream: ClientDuplexStream<object, WatchAnswer<Event>>;
  /** What to watch, in the terms of the proto text. */
  create: object;
  /** Deadline of the answer that opens the watch, in ms. */
  openMs: number;
  /** How often the server is asked whether it still serves this watch, in ms. It has as long to answer. */
  progressMs: number;
  onAnswer: (answer: WatchAnswer<Event>) => void;
  signal: AbortSignal;
}

/** Makes a member that is cut off from its cluster end the watch, instead of keeping it open in silence. */
export const requireLeader = (): Metadata => {
  const metadata = new Metadata();
  metadata.set('hasleader', 'true');
  return metadata;
};

const failed = (text: string, code: number): Error => Object.assign(new Error(text), { code });

const cancelled = <Event>(answer: WatchAnswer<Event>): Error => {
  const { compact_revision: compacted, cancel_reason: reason = 'no reason given' } = answer;
  const text = compacted === undefined ? reason : `the server compacted up to ${compacted}`;
  return failed(text, status.OUT_OF_RANGE);
};

/** Resolves when `signal` ended. @throws Error with the gRPC `code` when the watch broke */
export const runWatch = async <Event>(run: WatchRun<Event>): Promise<void> => {
  const { stream, openMs, progressMs, signal } = run;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const silent = (ms: number): void =>
    reject(failed(`no answer within ${ms / 1000} s`, status.DEADLINE_EXCEEDED));
  const opening = setTimeout(() => silent(openMs), openMs);
  let asked = false;
  const asking = setInterval(() => {
    if (asked) return silent(progressMs);
    asked = true;
    stream.write({ progress_request: {} });
  }, progressMs);
  stream.on('data', (answer: WatchAnswer<Event>) => {
    clearTimeout(opening);
    asked = false;
    if (answer.canceled) reject(cancelled(answer));
    else run.onAnswer(answer);
  });
  stream.on('error', (error: ServiceError) => reject(error));
  stream.on('end', () => reject(failed('the server ended it', status.UNAVAILABLE)));
  const stop = (): void => resolve();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  stream.write({ create_request: run.create });
  try {
    await promise;
  } finally {
    clearTimeout(opening);
    clearInterval(asking);
    signal.removeEventListener('abort', stop);
    stream.cancel();
  }
};
