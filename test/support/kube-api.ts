import { randomBytes } from 'node:crypto';
import { KINDS, type KubeObject } from '../../schemas/k8s.ts';
import type { KubeApi } from '../../kube/api.ts';
import { createClient, type ClientOptions } from '../../kube/client.ts';
import { systemClock } from '../../kube/clock.ts';
import { createTransport, type HttpRequest, type Transport } from '../../kube/transport.ts';
import { loadKubeConfig } from '../../kube/config.ts';
import { kubeconfig } from './cluster.ts';

/** A connection to the test cluster that notes its requests. */
export interface CountingTransport extends Transport {
  readonly requests: { method: string; path: string }[];
}

export function countingTransport(): CountingTransport {
  const inner = createTransport(loadKubeConfig({ KUBECONFIG: kubeconfig() }), systemClock);
  const requests: { method: string; path: string }[] = [];
  return {
    requests,
    send(request: HttpRequest) {
      requests.push({ method: request.method, path: request.path });
      return inner.send(request);
    },
    close: () => inner.close(),
  };
}

/** A client without a rate limit that matters. */
export function testClient(transport: Transport, options: Partial<ClientOptions> = {}): KubeApi {
  return createClient({
    transport,
    clock: systemClock,
    random: () => 0.5,
    qps: 1000,
    burst: 1000,
    ...options,
  });
}

/** Creates a namespace of its own for a test file; `remove` deletes it without waiting. */
export async function makeNamespace(
  api: KubeApi,
  prefix: string,
): Promise<{ name: string; remove: () => Promise<void> }> {
  const name = `${prefix}-${randomBytes(4).toString('hex')}`;
  await api.raw('POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
  });
  return {
    name,
    remove: async () => {
      await api.raw('DELETE', `/api/v1/namespaces/${name}`);
    },
  };
}

/** Polls until `probe` gives something; fails with `what` after `ms` milliseconds. */
export async function eventually<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  ms = 15_000,
): Promise<T> {
  const endMs = Date.now() + ms;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > endMs) throw new Error(`not within ${ms / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A small ConfigMap. */
export function configMap(
  namespace: string,
  name: string,
  data: Record<string, string> = {},
  labels: Record<string, string> = {},
): KubeObject {
  const kind = KINDS.ConfigMap;
  return {
    apiVersion: kind.version,
    kind: kind.kind,
    metadata: { name, namespace, ...(Object.keys(labels).length > 0 ? { labels } : {}) },
    data,
  };
}
