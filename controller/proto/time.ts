/** Timestamps and durations of the wire contracts: both are seconds (a decimal string) and nanoseconds. */

export interface TimeMessage {
  seconds?: string;
  nanos?: number;
}

/** Milliseconds, rounded down. A timestamp's are since the epoch; an absent message is 0. */
export const millisOf = (message: TimeMessage | undefined): number =>
  Number(message?.seconds ?? '0') * 1000 + Math.floor((message?.nanos ?? 0) / 1_000_000);

/** @param ms milliseconds, 0 or more */
export const timeMessage = (ms: number): TimeMessage => ({
  seconds: String(Math.floor(ms / 1000)),
  nanos: Math.min(999_999_999, Math.round((ms % 1000) * 1_000_000)),
});
