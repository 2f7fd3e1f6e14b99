/** Failures of the Kubernetes API, chosen by request. */
import type { ApiRequest } from './requests.ts';

/**
 * - a status: the server refuses, nothing happens
 * - `no-answer`: the connection breaks before the request is carried out
 * - `lost-answer`: it is carried out, and the connection breaks before the answer
 * - `hang`, `hang-after-effect`: as these two, but nothing is heard until the caller gives up
 */
export type Failure =
  | { status: 409 | 422 | 429 | 500 | 503; reason?: string; message?: string; retryAfterS?: number }
  | 'no-answer'
  | 'lost-answer'
  | 'hang'
  | 'hang-after-effect';

export interface Fault {
  /** Requests that may fail so. */
  when: (request: ApiRequest) => boolean;
  failure: Failure;
  /** The first of them that fails, 1 unless given. */
  nth?: number;
  /** How many of them fail in a row, 1 unless given. */
  times?: number;
}

export class Faults {
  readonly #all: { fault: Fault; seen: number }[] = [];

  /** Returns a function that takes the fault away. */
  add(fault: Fault): () => void {
    const entry = { fault, seen: 0 };
    this.#all.push(entry);
    return () => {
      const at = this.#all.indexOf(entry);
      if (at >= 0) this.#all.splice(at, 1);
    };
  }

  /** How this request fails; undefined when it does not. Counts the request. */
  of(request: ApiRequest): Failure | undefined {
    let failure: Failure | undefined;
    for (const entry of this.#all) {
      const { when, nth = 1, times = 1 } = entry.fault;
      if (!when(request)) continue;
      entry.seen += 1;
      if (entry.seen >= nth && entry.seen < nth + times) failure ??= entry.fault.failure;
    }
    return failure;
  }
}

/** All requests that change something. */
export const isWrite = ({ verb }: ApiRequest): boolean =>
  verb !== 'get' && verb !== 'list' && verb !== 'watch';
