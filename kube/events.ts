import { sha256 } from '../schemas/canonical.ts';
import type { KubeObject } from '../schemas/k8s.ts';
import { MANAGED_BY } from '../schemas/labels.ts';
import { isoSeconds } from '../schemas/text.ts';
import type { KubeApi } from './api.ts';
import { TokenBucket } from './bucket.ts';
import { within, type Clock } from './clock.ts';
import type { Log } from './log.ts';

export interface EventRecorder {
  /**
   * Notes something worth telling about an object, for `kubectl describe`. Returns at once; the
   * write follows in the background and its failure is never seen by the caller.
   * @param reason one CamelCase word from a fixed list
   */
  event(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): void;
  /** Waits until everything noted so far is written, for at most `ms` milliseconds. */
  flush(ms: number): Promise<void>;
}

interface EventOptions {
  api: Pick<KubeApi, 'create'>;
  clock: Clock;
  /** Name of this instance. */
  instance: string;
  log: Pick<Log, 'debug'>;
  /** Told of events that are not written. */
  dropped?: (reason: 'repeated' | 'rate' | 'full' | 'error') => void;
}

/** The same text about the same object is written again after this time, */
const REPEAT_MS = 3_600_000;
/** or after this time if the same reason had another text in between. */
const CHANGED_MS = 60_000;
/** Per object: so many at once, and one more each 30 s. */
const BURST = 25;
const PER_SECOND = 1 / 30;
const MAX_PENDING = 500;
const MAX_REMEMBERED = 4096;
/** The API rejects longer texts. */
const MAX_MESSAGE = 1024;

interface Written {
  atMs: number;
  /** Times it was asked for since. */
  suppressed: number;
}

/** Writes core/v1 Events: each text once, some per object, in the background. */
export function createEventRecorder(options: EventOptions): EventRecorder {
  const { clock } = options;
  const written = new Map<string, Written>();
  const latest = new Map<string, string>();
  const buckets = new Map<string, TokenBucket>();
  const pending: KubeObject[] = [];
  let pump: Promise<void> | undefined;

  const drain = async () => {
    for (let next = pending.shift(); next; next = pending.shift()) {
      try {
        await options.api.create(next);
      } catch (error) {
        options.dropped?.('error');
        options.log.debug({ event: next.metadata.name, err: error }, 'event was not written');
      }
    }
    pump = undefined;
  };

  /** How often the text occurred since it was last written; 0 means: do not write it. */
  const due = (id: string, key: string, message: string, nowMs: number): number => {
    const before = written.get(key);
    const changed = latest.get(id) !== message;
    remember(latest, id, message);
    const waitMs = changed ? CHANGED_MS : REPEAT_MS;
    if (before && nowMs - before.atMs < waitMs) {
      before.suppressed += 1;
      return 0;
    }
    return 1 + (before?.suppressed ?? 0);
  };

  return {
    event(object, type, reason, text) {
      const nowMs = clock.now();
      const message = text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE - 3)}...` : text;
      const uid = object.metadata.uid ?? `${object.kind}/${object.metadata.name}`;
      const id = `${uid}/${reason}`;
      const key = `${id}/${message}`;
      const count = due(id, key, message, nowMs);
      if (count === 0) return options.dropped?.('repeated');
      const bucket = buckets.get(uid) ?? new TokenBucket(PER_SECOND, BURST, nowMs);
      remember(buckets, uid, bucket);
      if (!bucket.tryTake(nowMs)) return options.dropped?.('rate');
      if (pending.length >= MAX_PENDING) return options.dropped?.('full');
      remember(written, key, { atMs: nowMs, suppressed: 0 });
      pending.push(eventObject(object, { type, reason, message, count }, nowMs, options.instance));
      pump ??= drain();
    },
    async flush(ms) {
      await within(clock, ms, pump ?? Promise.resolve());
    },
  };
}

/** Sets a key as the newest one and forgets the oldest beyond the limit. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MAX_REMEMBERED && oldest !== undefined) map.delete(oldest);
}

interface Occurrence {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
  count: number;
}

function eventObject(
  object: KubeObject,
  occurrence: Occurrence,
  nowMs: number,
  instance: string,
): KubeObject {
  const { reason, message } = occurrence;
  const { name, uid, resourceVersion } = object.metadata;
  // Cluster-scoped objects have their events in `default`.
  const namespace = object.metadata.namespace ?? 'default';
  const time = isoSeconds(nowMs);
  const suffix = sha256(`${uid}${reason}${message}${nowMs}${instance}`).slice(0, 16);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${name.slice(0, 230)}.${suffix}`, namespace },
    involvedObject: {
      apiVersion: object.apiVersion,
      kind: object.kind,
      name,
      namespace: object.metadata.namespace ?? '',
      uid,
      resourceVersion,
    },
    ...occurrence,
    firstTimestamp: time,
    lastTimestamp: time,
    source: { component: MANAGED_BY },
    reportingComponent: MANAGED_BY,
    reportingInstance: instance,
  } as KubeObject;
}
