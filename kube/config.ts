import { existsSync } from 'node:fs';
import path from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { KubeError } from './errors.ts';

/** The error of a configuration that leads to no cluster; `text` says what to do. */
export const noAccess = (text: string): KubeError =>
  new KubeError(text, { class: 'denied', status: 0, reason: 'NoKubeConfig' });

/** The in-cluster or kubeconfig settings of this process. Throws with what to do when there are none. */
export function loadKubeConfig(env: Record<string, string | undefined>): KubeConfig {
  const config = new KubeConfig();
  if (env['KUBECONFIG']) config.loadFromDefault();
  else if (env['KUBERNETES_SERVICE_HOST']) config.loadFromCluster();
  else {
    throw noAccess(
      'no access to a Kubernetes API: run inside a pod, or set KUBECONFIG to the path of a kubeconfig file',
    );
  }
  return config;
}

/** Which cluster a person means, in kubectl's words. */
interface UserConfigOptions {
  /** Absent: KUBECONFIG, ~/.kube/config, or the pod's own service account, as for kubectl. */
  kubeconfig?: string;
  /** Absent: the current one of the file. */
  context?: string;
}

/** A person's access to a cluster, and the namespace of the context. Throws with what to do. */
export function loadUserConfig({ kubeconfig, context }: UserConfigOptions): {
  config: KubeConfig;
  namespace?: string;
} {
  const config = new KubeConfig();
  const listed = process.env['KUBECONFIG'];
  if (kubeconfig !== undefined) config.loadFromFile(kubeconfig);
  else if (listed) loadAll(config, listed.split(path.delimiter));
  else config.loadFromDefault();
  // such a server has no TLS to verify: kubectl proxy
  config.clusters = config.clusters.map((one) =>
    one.server.startsWith('http:') ? { ...one, skipTLSVerify: true } : one,
  );
  const contexts = config.getContexts().map(({ name }) => name);
  if (context !== undefined) {
    if (!contexts.includes(context))
      throw noAccess(`there is no context ${context}; there are ${contexts.join(', ') || 'none'}`);
    config.setCurrentContext(context);
  }
  const cluster = config.getCurrentCluster();
  // what the library falls back to when it finds no configuration at all
  if (!cluster || cluster.server === 'http://localhost:8080')
    throw noAccess('no access to a Kubernetes API: give --kubeconfig, or set KUBECONFIG');
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace;
  return namespace === undefined ? { config } : { config, namespace };
}

/** As kubectl: the first of several that says something wins, and those that are missing do not count. */
function loadAll(config: KubeConfig, files: readonly string[]): void {
  const [first, ...others] = files.filter((file) => file !== '' && existsSync(file));
  if (first === undefined) throw noAccess(`no file of KUBECONFIG exists: ${files.join(', ')}`);
  config.loadFromFile(first);
  for (const file of others) {
    const other = new KubeConfig();
    other.loadFromFile(file);
    config.mergeConfig(other, true);
  }
}
