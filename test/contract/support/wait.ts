/** Waiting for conditions, and for calls to fail. */
import assert from 'node:assert/strict';

/** A gRPC error as a client sees it. */
export interface CallError {
  code: number;
  details: string;
}

const PAUSE_MS = 200;

/** Repeats until `check` gives something other than undefined or false. @throws AssertionError after `limitMs`, with the last error */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined | false> | T | undefined | false,
  limitMs = 90_000,
): Promise<T> {
  const until = Date.now() + limitMs;
  let last: unknown = 'the condition did not hold';
  for (;;) {
    try {
      const found = await check();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      last = error;
    }
    if (Date.now() > until) assert.fail(`${what}: not within ${limitMs / 1000} s: ${String(last)}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** The error that a call ends with. @throws AssertionError if it succeeds */
export async function errorOf(call: Promise<unknown>): Promise<CallError> {
  try {
    await call;
  } catch (error) {
    return error as CallError;
  }
  return assert.fail('the call should have failed');
}
