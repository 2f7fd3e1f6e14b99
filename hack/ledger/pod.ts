/** The ledger's pod: on the control plane's node, which no test drains, stops or cuts off. */
import { build } from 'esbuild';
import type { KubeObject } from '../../schemas/k8s.ts';
import type { WriterSettings } from './records.ts';

export const LEDGER_NAMESPACE = 'multigres-ledger';
const MOUNT = '/ledger';

/** The pod's program as one file, small enough for a ConfigMap (1 MiB). */
export async function ledgerProgram(): Promise<string> {
  const built = await build({
    entryPoints: [new URL('main.ts', import.meta.url).pathname],
    bundle: true,
    write: false,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    external: ['pg-native', 'cloudflare:sockets'],
    legalComments: 'none',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  return built.outputFiles[0]?.text ?? '';
}

/** @param image has Node 24 at /usr/local/bin/node */
export function ledgerObjects(
  name: string,
  image: string,
  program: string,
  settings: WriterSettings,
): KubeObject[] {
  const metadata = { name, namespace: LEDGER_NAMESPACE };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: LEDGER_NAMESPACE } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'main.mjs': program } },
    { apiVersion: 'v1', kind: 'Pod', metadata, spec: podSpec(name, image, settings) },
  ];
}

const podSpec = (name: string, image: string, settings: WriterSettings): object => ({
  restartPolicy: 'Never',
  terminationGracePeriodSeconds: 1,
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  nodeSelector: { 'node-role.kubernetes.io/control-plane': '' },
  tolerations: [{ operator: 'Exists' }],
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 65532,
    seccompProfile: { type: 'RuntimeDefault' },
  },
  containers: [
    {
      name: 'ledger',
      image,
      imagePullPolicy: 'IfNotPresent',
      command: ['/usr/local/bin/node', `${MOUNT}/main.mjs`],
      env: [{ name: 'LEDGER', value: JSON.stringify(settings) }],
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      volumeMounts: [{ name: 'program', mountPath: MOUNT }],
    },
  ],
  volumes: [{ name: 'program', configMap: { name } }],
});
