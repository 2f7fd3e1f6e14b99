/**
 * The load generator, a process of its own: reads a Job as JSON from standard input, writes a Result
 * as JSON to standard output. Every job ends after its seconds or its requests, whichever comes first.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { text } from 'node:stream/consumers';
import { Connection, encodeRequest, type Target } from './connection.ts';
import { cpuMs } from './proc.ts';
import { mean, round, summarize, type Summary } from './stats.ts';

/** One request. */
export interface Ask {
  path: string;
  body: string;
  /** A part that each answer must have. */
  expect: string;
}

export interface Job {
  target: Target;
  /** What is asked, in turns. */
  asks: Ask[];
  /** Requests of one turn; 1 if absent. Longer ones let each ask pay for the garbage that it makes. */
  turn?: number;
  /** Connections, each with at most one request under way. */
  clients: number;
  /**
   * Requests per second that start whether or not earlier ones are answered (open loop). Absent: each
   * client starts its next request when it has its answer (closed loop).
   */
  rate?: number;
  seconds: number;
  requests: number;
  /** Requests ahead of the measured ones. */
  warmUp: number;
  /** Process id of the webhook, whose CPU time is read before and after. */
  pid: number;
}

export interface Result extends Summary {
  /** Of each of the asks alone: the mean of its times. */
  meansMs: number[];
  /** Answers that were not what was expected; the first of them. */
  wrong: number;
  example?: string;
  /** Requests of an open loop that nobody answered in time; they are not in the times above. */
  unanswered: number;
  /** User and system time of the webhook over the number of requests, in milliseconds. */
  cpuMsPerRequest: number;
  /** How late timers of this process came (99th percentile, ms): it is in the times above. */
  generatorDelayP99Ms: number;
}

interface Run {
  job: Job;
  requests: readonly Buffer[];
  /** Requests begun so far: the number of the next one says whose turn it is. */
  begun: number;
  /** Milliseconds of each answered request, by ask. */
  times: number[][];
  wrong: number;
  example?: string;
}

const LIMITS = { clients: 200, seconds: 60, requests: 100_000, rate: 2000 };

async function sendOne(run: Run, connection: Connection, due: number): Promise<void> {
  const turn = Math.floor(run.begun++ / (run.job.turn ?? 1)) % run.requests.length;
  const { status, body } = await connection.send(run.requests[turn] ?? Buffer.of());
  run.times[turn]?.push(performance.now() - due);
  if (status < 300 && body.includes(run.job.asks[turn]?.expect ?? '')) return;
  run.wrong++;
  run.example ??= `${status} ${body.slice(0, 500)}`;
}

async function closedLoop(run: Run, pool: Connection[], until: number): Promise<void> {
  let left = run.job.requests;
  await Promise.all(
    pool.map(async (connection) => {
      while (left-- > 0 && performance.now() < until) {
        await sendOne(run, connection, performance.now());
      }
    }),
  );
}

/**
 * Gives the number of requests that were due. Starts what is due about every millisecond. A request that finds no free connection waits for one,
 * and its wait counts; that the timer of this process comes late does not.
 */
async function openLoop(run: Run, pool: Connection[], rate: number): Promise<number> {
  const { job } = run;
  const total = Math.min(job.requests, Math.round(rate * job.seconds));
  const free = [...pool];
  const waiting: number[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let answered = 0;
  // A server that cannot keep up is let off: what is not answered is missing in the result.
  const patience = setTimeout(resolve, (job.seconds + 5) * 1000);
  const begin = (connection: Connection, due: number): void => {
    sendOne(run, connection, due).then(() => {
      const next = waiting.shift();
      if (next === undefined) free.push(connection);
      else begin(connection, next);
      if (++answered === total) resolve();
    }, reject);
  };
  const start = performance.now();
  let begun = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    for (; begun < total && now >= start + (begun * 1000) / rate; begun++) {
      const connection = free.pop();
      if (connection) begin(connection, now);
      else waiting.push(now);
    }
    if (begun === total) clearInterval(timer);
  }, 1);
  await promise;
  clearInterval(timer);
  clearTimeout(patience);
  return total;
}

async function work(job: Job): Promise<Result> {
  for (const [name, limit] of Object.entries(LIMITS)) {
    const asked = job[name as keyof typeof LIMITS] ?? 0;
    if (asked > limit) throw new Error(`${name}: ${asked} is more than the limit of ${limit}`);
  }
  const pool = await Promise.all(
    Array.from({ length: job.clients }, () => Connection.open(job.target)),
  );
  const requests = job.asks.map(({ path, body }) => encodeRequest(path, body));
  const runOf = (one: Job): Run => ({
    job: one,
    requests,
    begun: 0,
    times: requests.map(() => []),
    wrong: 0,
  });
  const warm = runOf({ ...job, requests: job.warmUp });
  await closedLoop(warm, pool, performance.now() + job.seconds * 1000);
  const run = runOf(job);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const cpuBefore = await cpuMs(job.pid);
  const start = performance.now();
  let due = 0;
  if (job.rate === undefined) await closedLoop(run, pool, start + job.seconds * 1000);
  else due = await openLoop(run, pool, job.rate);
  const seconds = (performance.now() - start) / 1000;
  const used = (await cpuMs(job.pid)) - cpuBefore;
  const { wrong, example } = run;
  const times = run.times.flat();
  return {
    ...summarize(times, seconds),
    meansMs: run.times.map((own) => round(mean(own))),
    cpuMsPerRequest: round(used / times.length),
    generatorDelayP99Ms: round(delay.percentile(99) / 1e6),
    wrong,
    unanswered: Math.max(0, due - times.length),
    ...(example ? { example } : {}),
  };
}

if (import.meta.main) {
  const job = JSON.parse(await text(process.stdin)) as Job;
  process.stdout.write(JSON.stringify(await work(job)), () => process.exit(0));
}
