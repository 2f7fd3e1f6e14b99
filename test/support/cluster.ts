import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { KubeApi } from '../../kube/api.ts';
import { createClient } from '../../kube/client.ts';
import { systemClock } from '../../kube/clock.ts';
import { loadKubeConfig } from '../../kube/config.ts';
import { createTransport } from '../../kube/transport.ts';

/** Path of the kubeconfig of the cluster that integration tests run against. */
export function kubeconfig(): string {
  const path = process.env['KUBECONFIG'];
  if (path === undefined || path === '')
    throw new Error(
      'this test needs a Kubernetes API server: run npm run test:integration, or set KUBECONFIG',
    );
  if (!existsSync(path)) throw new Error(`KUBECONFIG names ${path}, which is not there`);
  return path;
}

/** kubectl remembers for hours what kinds a server has; each test process starts afresh. */
const cache = mkdtempSync(`${tmpdir()}/multigres-test-kubectl-`);
process.once('exit', () => rmSync(cache, { recursive: true, force: true }));

/** Runs kubectl (the one named by KUBECTL, else the one on PATH) and returns what it prints. */
export function kubectl(args: string[], input?: string): string {
  return execFileSync(process.env['KUBECTL'] ?? 'kubectl', args, {
    env: { ...process.env, KUBECONFIG: kubeconfig(), KUBECACHEDIR: cache },
    encoding: 'utf8',
    timeout: 60_000,
    ...(input === undefined ? {} : { input }),
  });
}

/** Our own API client on that cluster, without a rate limit to speak of. Close it after use. */
export function connect(): { api: KubeApi; close: () => Promise<void> } {
  const transport = createTransport(
    loadKubeConfig({ KUBECONFIG: kubeconfig(), KUBECACHEDIR: cache }),
    systemClock,
  );
  const options = { transport, clock: systemClock, random: Math.random, qps: 1000, burst: 1000 };
  return { api: createClient(options), close: () => transport.close() };
}

const CRDS = new URL('../../chart/files/crds/', import.meta.url).pathname;

/** Installs the kinds of the chart and waits until they are served. */
export function installCrds(): void {
  kubectl(['apply', '--server-side', '--force-conflicts', '--field-manager=test', '-f', CRDS]);
  kubectl(['wait', '--for=condition=Established', '--timeout=30s', '-f', CRDS]);
}
