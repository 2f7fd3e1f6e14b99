/** Timestamps and durations of the wire contracts: both are seconds (a decimal string) and nanoseconds. */
import type { Timestamp } from './generated/messages.ts';

/** Milliseconds, rounded down. A timestamp's are since the epoch; an absent message is 0. */
export const millisOf = (message: Timestamp | undefined): number =>
  Number(message?.seconds ?? '0') * 1000 + Math.floor((message?.nanos ?? 0) / 1_000_000);

/** @param ms milliseconds, 0 or more */
export const timeMessage = (ms: number): Timestamp => ({
  seconds: String(Math.floor(ms / 1000)),
  nanos: Math.min(999_999_999, Math.round((ms % 1000) * 1_000_000)),
});
