/** Programs and servers that tests and the demo need, prepared on demand by hack/local. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { local, ROOT, run, say, tryRun } from './run.ts';

/** Everything built or downloaded lives here, keyed by version or content. */
export const CACHE =
  process.env.MULTIGRES_CACHE ?? path.join(os.homedir(), '.cache/multigres-operator');

/** kubectl, etcd and the other programs of the Kubernetes build. */
export async function kubernetes(): Promise<{ kubectl: string; etcd: string; folder: string }> {
  const folder = await local('build.sh');
  return { folder, kubectl: path.join(folder, 'kubectl'), etcd: path.join(folder, 'etcd') };
}

export async function helm(): Promise<string> {
  return await local('helm.sh');
}

/** A real control plane on loopback with fake nodes: five ports from `port` on. */
export async function controlPlane(name: string, port: number): Promise<string> {
  return await local('cp.sh', ['up', name], { env: { CP_PORT: String(port) } });
}

export async function stopControlPlane(name: string, port: number): Promise<void> {
  await local('cp.sh', ['down', name], { env: { CP_PORT: String(port) } });
}

/** kubectl bound to a cluster. */
export class Kubectl {
  readonly program: string;
  readonly kubeconfig: string;
  constructor(program: string, kubeconfig: string) {
    this.program = program;
    this.kubeconfig = kubeconfig;
  }
  /** @param timeoutMs kubectl is ended after that; default 30 minutes */
  async run(args: string[], input?: string, timeoutMs?: number): Promise<string> {
    return await run(this.program, ['--kubeconfig', this.kubeconfig, ...args], {
      quiet: true,
      ...(input === undefined ? {} : { input }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }
  async try(args: string[]): Promise<string | undefined> {
    return await tryRun(this.program, ['--kubeconfig', this.kubeconfig, ...args]);
  }
  async json<T>(args: string[]): Promise<T> {
    return JSON.parse(await this.run([...args, '-o', 'json'])) as T;
  }
}

export interface RuntimeImages {
  /** In plain words, for people: which runtime this is. */
  description: string;
  kind: 'images' | 'emulator';
  multigres: string;
  postgres: string;
  web: string;
  etcd: string;
  exporter: string;
}

/** The environment of the real clusters: kubeconfig, kubectl. */
export async function kindCluster(): Promise<Kubectl> {
  const kubeconfig = await local('kind.sh', ['up']);
  const { kubectl } = await kubernetes();
  return new Kubectl(kubectl, kubeconfig);
}

/** Loads our operator's image into the cluster's nodes and returns its name. */
export async function operatorImage(): Promise<string> {
  const archive = await local('images.sh', ['operator']);
  // the write ledger runs from it on the control plane
  await importOnce(archive, ['--everywhere']);
  return (await readFile(`${archive}.names`, 'utf8')).trim();
}

/** Builds and loads the emulator's images. */
export async function emulatorImages(): Promise<RuntimeImages> {
  const archive = await local('images.sh', ['emulator']);
  await importOnce(archive);
  const tag = (await readFile(`${archive}.names`, 'utf8')).trim();
  return {
    kind: 'emulator',
    description:
      'the runtime emulator of this repository (real PostgreSQL 17 and pgBackRest; the Multigres processes are imitated, because no registry of container images answers here)',
    multigres: `multigres-emulator:${tag}`,
    postgres: `multigres-emulator:${tag}`,
    web: `multigres-emulator-web:${tag}`,
    etcd: `multigres-etcd:${tag}`,
    exporter: `multigres-exporter:${tag}`,
  };
}

/** Imports an archive unless the nodes have its images already. */
async function importOnce(archive: string, options: string[] = []): Promise<void> {
  if (!existsSync(archive)) throw new Error(`${archive} is missing`);
  await local('kind.sh', ['import', ...options, archive]);
}

/** Whether a registry of container images answers for this image within 20 s. */
export async function canPull(image: string): Promise<boolean> {
  say(`asking for the published image ${image}`);
  return (
    (await tryRun('bash', [path.join(ROOT, 'hack/local/kind.sh'), 'can-pull', image])) !== undefined
  );
}

/** Pulls images and loads them into the workers. */
export async function pullImages(images: string[]): Promise<void> {
  await local('kind.sh', ['pull', ...new Set(images)]);
}

/** Loads images that the docker engine already has into the workers. */
export async function loadImages(images: string[]): Promise<void> {
  await local('kind.sh', ['load', ...new Set(images)]);
}
