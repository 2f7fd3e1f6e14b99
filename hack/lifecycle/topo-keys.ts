/** Keys of the topology as they are in an etcd pod. */
import { spawn } from 'node:child_process';
import { EtcdClient } from '../../controller/topo/client.ts';
import { PORTS } from '../../schemas/ports.ts';
import { until } from '../lib/run.ts';
import type { World } from './world.ts';

/** Keys of pooler records in the topology that an etcd pod holds. */
export async function poolerKeys(world: World, pod: string): Promise<string[]> {
  const forward = spawn(
    world.kubectl.program,
    [
      ...['--kubeconfig', world.kubectl.kubeconfig, '-n', world.namespace],
      ...['port-forward', `pod/${pod}`, `:${PORTS.etcd.client}`],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  try {
    let out = '';
    forward.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
    const endpoint = await until(`port-forward to ${pod}`, 10_000, () =>
      Promise.resolve(/127\.0\.0\.1:\d+/.exec(out)?.[0]),
    );
    const client = new EtcdClient({ endpoints: [endpoint] });
    try {
      return (await client.range('/'))
        .map(({ key }) => key)
        .filter((key) => key.endsWith('/Pooler'));
    } finally {
      client.close();
    }
  } finally {
    forward.kill();
  }
}
