/** Our own client of the Kubernetes API for scripts: many small calls and watches, without a kubectl for each. */
import type { KubeApi } from '../../kube/api.ts';
import { createClient } from '../../kube/client.ts';
import { systemClock } from '../../kube/clock.ts';
import { createTransport } from '../../kube/transport.ts';
import { loadUserConfig } from '../../kube/config.ts';

export interface OpenApi {
  api: KubeApi;
  close(): Promise<void>;
}

/** Without a rate limit to speak of. Close it after use. */
export function openApi(kubeconfig: string): OpenApi {
  const transport = createTransport(loadUserConfig({ kubeconfig }).config, systemClock);
  const options = { transport, clock: systemClock, random: Math.random, qps: 1000, burst: 1000 };
  return { api: createClient(options), close: () => transport.close() };
}
