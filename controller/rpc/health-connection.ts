/** One ManagerHealthStream on a channel of its own, from its opening to its end. No repeats, no timers. */
import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import { millisOf, timeMessage } from '../proto/time.ts';
import { dial, type Target } from './dial.ts';
import type { HealthSnapshot, HealthStreamRequest, HealthStreamResponse } from './types.ts';

export interface HealthTiming {
  /** A pooler sends a snapshot at every change, and after so long without one, in ms. */
  intervalMs: number;
  /** After so long without any message the stream counts as dead, in ms. */
  stalenessMs: number;
}

interface ConnectionEvents {
  /** The pooler took the stream: what it will keep to. */
  onStart: (agreed: HealthTiming) => void;
  onSnapshot: (snapshot: HealthSnapshot) => void;
  /** Once, however it ended; nothing comes after it. */
  onEnd: (reason: string) => void;
}

export type HealthConnection = ReturnType<typeof connectHealth>;

type Duplex = ClientDuplexStream<HealthStreamRequest, HealthStreamResponse>;

/** Zero means that the server did not say. */
const agreedOf = (asked: HealthTiming, start: HealthStreamResponse['start']): HealthTiming => ({
  intervalMs: millisOf(start?.snapshot_interval) || asked.intervalMs,
  stalenessMs: millisOf(start?.staleness_timeout) || asked.stalenessMs,
});

export const connectHealth = (target: Target, asked: HealthTiming, events: ConnectionEvents) => {
  const client = dial(target, 'MultipoolerManager');
  const call = (client as unknown as { ManagerHealthStream(): Duplex }).ManagerHealthStream();
  let ended = false;
  const end = (reason: string): void => {
    if (ended) return;
    ended = true;
    call.cancel();
    client.close();
    events.onEnd(reason);
  };
  call.on('data', ({ start, snapshot }: HealthStreamResponse) => {
    if (ended) return;
    if (start) events.onStart(agreedOf(asked, start));
    else if (snapshot) events.onSnapshot(snapshot);
  });
  call.on('error', (error: ServiceError) => end(error.details || error.message));
  call.on('end', () => end('the pooler ended the stream'));
  call.write({
    start: {
      snapshot_interval: timeMessage(asked.intervalMs),
      staleness_timeout: timeMessage(asked.stalenessMs),
    },
  });
  return { poll: (): void => void call.write({ poll: {} }), end };
};
