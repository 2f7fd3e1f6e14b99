/** A real control plane with fake nodes, and a topology server that clusters share: what a fleet runs on. */
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { KubeObject } from '../../../schemas/k8s.ts';
import { openApi, type OpenApi } from '../../lib/api.ts';
import { end, local } from '../../lib/run.ts';
import { CACHE, Kubectl, kubernetes, stopControlPlane } from '../../lib/tools.ts';

const NAME = 'fleet';
const PORT = 19443;
/** The control plane takes five ports; the topology server the next two, the operator those after them. */
const TOPO_PORT = PORT + 10;
export const OPERATOR_PORT = PORT + 20;
export const NAMESPACE = 'fleet';
export const FOLDER = path.join(CACHE, 'cp', NAME);

/** Fifteen, for which there are addresses, of 500 pods each: enough for 680 clusters of 11. */
const NODES = ['a', 'b', 'c']
  .flatMap((zone) => Array.from({ length: 5 }, (_, i) => `node-${zone}${i}=zone-${zone}`))
  .join();

export interface World extends OpenApi {
  kubectl: Kubectl;
  /** Process of the API server. */
  apiServer: number;
  stop(): Promise<void>;
}

export async function openWorld(): Promise<World> {
  const { kubectl: program, etcd } = await kubernetes();
  const settings = { CP_PORT: String(PORT), CP_NODES: NODES };
  const kubectl = new Kubectl(program, await local('cp.sh', ['up', NAME], { env: settings }));
  const data = path.join(FOLDER, 'topology');
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { recursive: true });
  const [client, peer] = [TOPO_PORT, TOPO_PORT + 1].map((port) => `http://127.0.0.1:${port}`);
  const topology = spawn(
    etcd,
    [
      ...['--data-dir', data, '--log-level', 'error', '--unsafe-no-fsync'],
      ...['--listen-client-urls', client ?? '', '--advertise-client-urls', client ?? ''],
      ...['--listen-peer-urls', peer ?? '', '--initial-advertise-peer-urls', peer ?? ''],
      ...['--initial-cluster', `default=${peer}`],
    ],
    { stdio: 'ignore' },
  );
  const open = openApi(kubectl.kubeconfig);
  await open.api.raw('POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE },
  });
  const pid = await readFile(path.join(FOLDER, 'kube-apiserver.pid'), 'utf8');
  return {
    ...open,
    kubectl,
    apiServer: Number(pid),
    stop: async () => {
      await open.close();
      await end(topology);
      await stopControlPlane(NAME, PORT);
    },
  };
}

export const PASSWORD: KubeObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'password', namespace: NAMESPACE },
  data: { password: 'Y2hhbmdlLW1lLXBsZWFzZQ==' },
};

export const clusterName = (index: number): string => `shop-${String(index).padStart(4, '0')}`;

/** Eleven pods: three cells with a gateway, an orchestrator and a Postgres each, and the two of multiadmin. */
export const clusterOf = (name: string): KubeObject => ({
  apiVersion: 'multigres.com/v1alpha1',
  kind: 'MultigresCluster',
  metadata: { name, namespace: NAMESPACE },
  spec: {
    postgresPasswordSecretRef: { name: 'password', key: 'password' },
    backup: {
      type: 'filesystem',
      filesystem: { storage: { class: 'shared', size: '1Gi', accessModes: ['ReadWriteMany'] } },
    },
    globalTopoServer: {
      external: { endpoints: [`http://127.0.0.1:${TOPO_PORT}`], rootPath: `/${name}` },
    },
    cells: ['a', 'b', 'c'].map((zone) => ({ name: `zone-${zone}`, zoneId: `zone-${zone}` })),
  },
});
export const PODS_OF_CLUSTER = 11;
