/** A program that logs as the webhook does and ends as its argument says. */
import { systemClock } from '../../kube/clock.ts';
import { createLog } from '../../kube/log.ts';
import { runProgram } from '../../kube/program.ts';
import { createOutput } from '../../webhook/output.ts';

const output = createOutput(systemClock);
const log = createLog('info', (line) => output.write(line));
const LINES = 50;
const many = (): void => {
  for (let i = 0; i < LINES; i++) log.info({ i }, 'review');
};

const ENDS: Record<string, (signal: AbortSignal) => Promise<number>> = {
  return: () => Promise.resolve(0),
  exit: () => process.exit(3),
  reject: () => Promise.reject(new Error('on purpose')),
  // in a callback, where nothing catches it
  throw: () =>
    new Promise(() => {
      setImmediate(() => {
        throw new Error('on purpose');
      });
    }),
  term: (signal) =>
    new Promise((resolve) => {
      const alive = setInterval(() => undefined, 1000);
      signal.addEventListener('abort', () => {
        clearInterval(alive);
        many();
        resolve(0);
      });
      process.kill(process.pid, 'SIGTERM');
    }),
  'term twice': (signal) =>
    new Promise(() => {
      setInterval(() => undefined, 1000);
      signal.addEventListener('abort', () => {
        many();
        process.kill(process.pid, 'SIGTERM');
      });
      process.kill(process.pid, 'SIGTERM');
    }),
  // the first line of a quiet time is out before anything else happens
  kill: () => {
    process.kill(process.pid, 'SIGKILL');
    return new Promise(() => setInterval(() => undefined, 1000));
  },
};

runProgram(async ([end = ''], _env, signal) => {
  if (end === 'kill') log.info({ i: 0 }, 'review');
  else many();
  return (await ENDS[end]?.(signal)) ?? 9;
});
