export interface Summary {
  requests: number;
  seconds: number;
  requestsPerSecond: number;
  /** Milliseconds from the start of a request to its last byte. */
  meanMs: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}

/** What is told of the requests of one phase; `times` in milliseconds. */
export function summarize(times: readonly number[], seconds: number): Summary {
  const sorted = times.toSorted((a, b) => a - b);
  return {
    requests: sorted.length,
    seconds: round(seconds),
    requestsPerSecond: round(sorted.length / seconds),
    meanMs: round(mean(sorted)),
    p50Ms: round(quantile(sorted, 0.5)),
    p99Ms: round(quantile(sorted, 0.99)),
    maxMs: round(sorted.at(-1) ?? 0),
  };
}

/** The value that a share `q` of the sorted values does not exceed; 0 for none. */
export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)] ?? 0;
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Three decimals: more is noise. */
export const round = (value: number): number => Math.round(value * 1000) / 1000;
