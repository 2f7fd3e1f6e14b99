/** The nodes of a kind cluster as what they are: containers of the machine's docker engine. */
import path from 'node:path';
import { ROOT, run } from './run.ts';
import type { Kubectl } from './tools.ts';

const script = path.join(ROOT, 'hack/local/kind.sh');

/** Runs a command in a node and gives all that it prints. */
export async function onNode(node: string, command: string[], timeoutMs = 60_000): Promise<string> {
  return await run('bash', [script, 'exec', node, ...command], { quiet: true, timeoutMs });
}

/** The docker engine of the cluster: its arguments, what it prints. */
export async function docker(args: string[], timeoutMs = 120_000): Promise<string> {
  return await run('bash', [script, 'docker', ...args], { quiet: true, timeoutMs });
}

/** Name of the control plane's node. */
export async function controlPlaneNode(kubectl: Kubectl): Promise<string> {
  const selector = 'node-role.kubernetes.io/control-plane';
  const path = 'jsonpath={.items[0].metadata.name}';
  return await kubectl.run(['get', 'nodes', '-l', selector, '-o', path]);
}

export async function workerNodes(kubectl: Kubectl): Promise<string[]> {
  const selector = '!node-role.kubernetes.io/control-plane';
  const path = 'jsonpath={.items[*].metadata.name}';
  return (await kubectl.run(['get', 'nodes', '-l', selector, '-o', path])).split(' ').toSorted();
}

/** Gives images that the workers have a second name, and returns it: a change of image that changes nothing. */
export async function secondTag(kubectl: Kubectl, image: string, suffix: string): Promise<string> {
  const full = (name: string): string => {
    const [first = '', ...rest] = name.split('/');
    if (rest.length === 0) return `docker.io/library/${name}`;
    return /[.:]/.test(first) || first === 'localhost' ? name : `docker.io/${name}`;
  };
  const second = `${image}-${suffix}`;
  for (const node of await workerNodes(kubectl)) {
    const tag = ['ctr', '-n', 'k8s.io', 'images', 'tag', '--force', full(image), full(second)];
    await onNode(node, tag);
  }
  return second;
}
