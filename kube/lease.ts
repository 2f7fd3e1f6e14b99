import { KINDS, type KubeObject, type ObjectRef } from '../schemas/k8s.ts';
import { textOf } from '../schemas/text.ts';
import type { KubeApi } from './api.ts';
import { sleep, within, type Clock } from './clock.ts';
import { isKubeError } from './errors.ts';
import type { Log } from './log.ts';

/** All in milliseconds; the usual figures of Kubernetes controllers. */
interface LeaseTimes {
  /** Others may take the lease after it was not renewed for so long. */
  durationMs: number;
  /** The holder gives up after failing to renew for so long; less than durationMs. */
  renewDeadlineMs: number;
  /** Between tries to take or renew. */
  retryMs: number;
}

const LEASE_TIMES: LeaseTimes = {
  durationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryMs: 2_000,
};

interface LeaseSpec {
  holderIdentity?: string | null;
  leaseDurationSeconds?: number;
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
}

type Lease = KubeObject<LeaseSpec>;

/** A version of the lease and when this process first saw it, by its own clock. */
interface Sighting {
  resourceVersion: string;
  atMs: number;
}

type LeaseStep =
  { kind: 'create' } | { kind: 'take' } | { kind: 'renew' } | { kind: 'wait'; holder: string };

/**
 * What to do with a lease. Times written by others are not trusted: a lease has expired when no new
 * version of it was seen for its duration.
 */
export function leaseStep(
  lease: Lease | undefined,
  sighting: Sighting | undefined,
  identity: string,
  nowMs: number,
): LeaseStep {
  if (!lease) return { kind: 'create' };
  const holder = lease.spec?.holderIdentity ?? '';
  if (holder === identity) return { kind: 'renew' };
  if (holder === '') return { kind: 'take' };
  const durationMs = (lease.spec?.leaseDurationSeconds ?? LEASE_TIMES.durationMs / 1000) * 1000;
  const expired = sighting !== undefined && sighting.atMs + durationMs <= nowMs;
  return expired ? { kind: 'take' } : { kind: 'wait', holder };
}

interface LeaseOptions {
  api: Pick<KubeApi, 'get' | 'create' | 'mergePatch'>;
  namespace: string;
  name: string;
  /** Differs between instances. */
  identity: string;
  clock: Clock;
  random: () => number;
  log: Pick<Log, 'info' | 'warn'>;
  times?: LeaseTimes;
}

/** How holding the lease ended: asked for, or lost to time or to somebody else. */
type LeaseEnd = 'released' | 'lost';

/**
 * Waits for the lease, then runs `work` while renewing it. Ends when `signal` aborts (the lease is
 * released after `work` has ended, so that a successor starts at once) or when the lease is lost
 * (the signal of `work` aborts first; the caller should exit soon, since a successor may start).
 * Renewals are the only writes of an idle controller: one each `retryMs`.
 */
export async function runWithLease(
  options: LeaseOptions,
  work: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<LeaseEnd> {
  const elector = new Elector(options);
  if (!(await elector.acquire(signal))) return 'released';
  options.log.info({ lease: options.name, identity: options.identity }, 'became leader');
  const stop = new AbortController();
  const working = work(AbortSignal.any([signal, stop.signal])).finally(() => stop.abort());
  working.catch(() => undefined); // looked at below
  // Renewal goes on while work winds down, or a successor would start beside it.
  const end = await elector.hold(stop.signal);
  if (end === 'lost') {
    options.log.warn({ lease: options.name, identity: options.identity }, 'lost the lease');
    stop.abort();
  }
  try {
    await working;
  } finally {
    if (end === 'released') await elector.release();
  }
  return end;
}

class Elector {
  readonly #options: LeaseOptions;
  readonly #times: LeaseTimes;
  readonly #ref: ObjectRef;
  #sighting: Sighting | undefined;
  #lease: Lease | undefined;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#times = options.times ?? LEASE_TIMES;
    this.#ref = { kind: KINDS.Lease, namespace: options.namespace, name: options.name };
  }

  /** Tries until the lease is ours; false when `signal` aborts first. */
  async acquire(signal: AbortSignal): Promise<boolean> {
    const { clock, log, random, name: lease } = this.#options;
    let told = '';
    while (!signal.aborted) {
      const step = await this.#try();
      if (step === true) return true;
      if (step !== told) {
        told = step;
        log.info({ lease, reason: step }, 'waiting for the lease');
      }
      // Jitter keeps waiting instances from asking at the same moment.
      await sleep(clock, this.#times.retryMs * (1 + 0.2 * random()), signal);
    }
    return false;
  }

  /** Renews until `ended` aborts; `lost` after the renew deadline or when somebody else has it. */
  async hold(ended: AbortSignal): Promise<LeaseEnd> {
    const { clock, identity } = this.#options;
    const { retryMs, renewDeadlineMs } = this.#times;
    let renewedMs = clock.now();
    for (;;) {
      await sleep(clock, retryMs, ended);
      if (ended.aborted) return 'released';
      const leftMs = renewedMs + renewDeadlineMs - clock.now();
      const startedMs = clock.now();
      const step = await within(clock, Math.max(0, leftMs), this.#try());
      if (step === true) renewedMs = startedMs;
      else if (this.#holder !== '' && this.#holder !== identity) return 'lost';
      if (clock.now() - renewedMs >= renewDeadlineMs) return 'lost';
    }
  }

  /** Gives the lease up so that another instance need not wait for it to expire. */
  async release(): Promise<void> {
    const { log, name: lease } = this.#options;
    if (this.#holder !== this.#options.identity) return;
    try {
      await this.#write({ holderIdentity: '', leaseDurationSeconds: 1, renewTime: this.#now() });
      log.info({ lease }, 'released the lease');
    } catch (error) {
      log.warn({ lease, err: error }, 'could not release the lease');
    }
  }

  /** One try: true when the lease is ours now, else the reason in words. */
  async #try(): Promise<true | string> {
    const { api, identity, clock, namespace, name } = this.#options;
    try {
      // The copy of a holder is right unless a write says otherwise: renewing costs one request.
      if (this.#holder !== identity) await this.#read();
      const step = leaseStep(this.#lease, this.#sighting, identity, clock.now());
      switch (step.kind) {
        case 'wait':
          return `held by ${step.holder}`;
        case 'create':
          this.#see(
            await api.create({
              apiVersion: 'coordination.k8s.io/v1',
              kind: 'Lease',
              metadata: { name, namespace },
              spec: this.#claim(0),
            }),
          );
          return true;
        case 'take':
          await this.#write(this.#claim((this.#lease?.spec?.leaseTransitions ?? 0) + 1));
          return true;
        case 'renew':
          await this.#write(this.#renewal());
          return true;
      }
    } catch (error) {
      if (isKubeError(error, 'conflict', 'exists', 'gone')) {
        await this.#read().catch(() => undefined);
        return 'somebody else was faster';
      }
      return textOf(error);
    }
  }

  get #holder(): string {
    return this.#lease?.spec?.holderIdentity ?? '';
  }

  #renewal(): LeaseSpec {
    return {
      holderIdentity: this.#options.identity,
      leaseDurationSeconds: this.#times.durationMs / 1000,
      renewTime: this.#now(),
    };
  }

  #claim(leaseTransitions: number): LeaseSpec {
    return { ...this.#renewal(), acquireTime: this.#now(), leaseTransitions };
  }

  async #read(): Promise<void> {
    this.#see(await this.#options.api.get(this.#ref));
  }

  /** Writes on the condition that nobody else has since the version we know. */
  async #write(spec: LeaseSpec): Promise<void> {
    const metadata = { resourceVersion: this.#lease?.metadata.resourceVersion };
    this.#see(await this.#options.api.mergePatch(this.#ref, { metadata, spec }));
  }

  #see(lease: KubeObject | undefined): void {
    this.#lease = lease as Lease | undefined;
    const resourceVersion = lease?.metadata.resourceVersion;
    if (resourceVersion === undefined) this.#sighting = undefined;
    else if (resourceVersion !== this.#sighting?.resourceVersion) {
      this.#sighting = { resourceVersion, atMs: this.#options.clock.now() };
    }
  }

  /** MicroTime, as the API wants it. */
  #now(): string {
    return new Date(this.#options.clock.now()).toISOString().replace(/Z$/, '000Z');
  }
}
