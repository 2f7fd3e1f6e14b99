/**
 * When to give up a gRPC channel. A TCP connect whose first packet met no rule or no route yet (a Service
 * that is seconds old, a pod that just moved) is repeated by the kernel over the same dead flow for 127 s,
 * and grpc-js has no limit of its own for it: seen on kind as two minutes of "connection refused" from a
 * topology server that was up. A channel that failed for a few seconds is therefore closed and made anew.
 */

/** For every channel of ours: quick re-dialling, a pool of its own, and a look at silent connections. */
export const CHANNEL_OPTIONS = {
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 2000,
  // A recreated pod has a new address: look its name up again soon.
  'grpc.dns_min_time_between_resolutions_ms': 500,
  'grpc.service_config_disable_resolution': 1,
  'grpc.enable_retries': 0,
  // Else the next channel would be given the connection attempt of the one that was closed.
  'grpc.use_local_subchannel_pool': 1,
  // The servers refuse more than a ping every 10 s, and any without a call.
  'grpc.keepalive_time_ms': 11_000,
  'grpc.keepalive_timeout_ms': 5_000,
};

/** Longer than a slow answer, shorter than what a fail-over may take to be seen (5 s). */
const PATIENCE_MS = 3_000;

/** Remembers since when each channel fails. */
export class Redial {
  readonly #since = new Map<string, number>();

  answered(key: string): void {
    this.#since.delete(key);
  }

  /** True when the channel should be closed now; the next one gets its own time. */
  failed(key: string, nowMs: number): boolean {
    const since = this.#since.get(key);
    if (since === undefined) {
      this.#since.set(key, nowMs);
      return false;
    }
    if (nowMs - since < PATIENCE_MS) return false;
    this.#since.delete(key);
    return true;
  }
}
