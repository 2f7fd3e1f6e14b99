import { run } from '../../controller/program.ts';
import { kubeconfig } from './cluster.ts';

export interface RunningController {
  stop: () => Promise<number>;
}

/** The controller as it runs in a pod, in this process, for some namespaces and without a lease. */
export const startController = (
  namespaces: readonly string[],
  ports: { http: number },
): RunningController => {
  const stop = new AbortController();
  const address = `127.0.0.1:${ports.http}`;
  const args = [
    '--leader-elect=false',
    '--log-level=error',
    `--watch-namespaces=${namespaces.join(',')}`,
    `--health-probe-bind-address=${address}`,
    `--metrics-bind-address=${address}`,
  ];
  const ended = run(args, { KUBECONFIG: kubeconfig() }, stop.signal);
  return {
    stop: () => {
      stop.abort();
      return ended;
    },
  };
};
