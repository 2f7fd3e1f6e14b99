/** Nodes that stop, freeze, or lose sight of each other. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '../../schemas/k8s.ts';
import { COMPONENTS } from '../../schemas/labels.ts';
import { docker, onNode, workerNodes } from '../lib/nodes.ts';
import { podsOf } from '../lifecycle/world.ts';
import type { Fault, Scene } from './fault.ts';

/** Of its own, so that nothing else is removed with it. */
const CHAIN = 'MULTIGRES-CHAOS';

function nodeOfLeader({ before, leader }: Scene): string | undefined {
  return before.pods.find(({ metadata }) => metadata.name === leader)?.spec?.nodeName;
}

/** Tells the ledger that the gateways of a node are gone: nobody else will for a while. */
async function gatewaysDie(scene: Scene, node: string): Promise<void> {
  for (const { spec, status } of await podsOf(scene.world, COMPONENTS.multigateway))
    if (spec?.nodeName === node && status?.podIP)
      scene.ledger.gatewayDied(status.podIP, Date.now());
}

const away = (title: string, begin: string, end: string, low: number, high: number): Fault => ({
  name: title,
  run: async (scene) => {
    const node = scene.random.pick(await workerNodes(scene.world.kubectl));
    const seconds = scene.random.between(low, high);
    const leader = nodeOfLeader(scene) === node;
    await gatewaysDie(scene, node);
    try {
      await docker([begin, node]);
      await sleep(seconds * 1000);
    } finally {
      await docker([end, node]);
    }
    return {
      detail: `${node}${leader ? ' (leader on it)' : ''} for ${seconds} s`,
      elections: leader ? 1 : 0,
    };
  },
});

interface Reach {
  name: string;
  /** Of its pods, and of itself. */
  sources: string[];
}

async function reachOf(scene: Scene, name: string): Promise<Reach> {
  const node = await scene.world.kubectl.json<
    KubeObject<{ podCIDR?: string }, { addresses?: { type: string; address: string }[] }>
  >(['get', 'node', name]);
  const ip = node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
  return { name, sources: [node.spec?.podCIDR, ip].filter((one) => one !== undefined) };
}

/** Drops on `node` all that comes from `other`. */
async function refuse(node: string, other: Reach): Promise<void> {
  const rules = other.sources.map((source) => `iptables -t raw -A ${CHAIN} -s ${source} -j DROP`);
  const script = [
    `iptables -t raw -N ${CHAIN}`,
    ...rules,
    `iptables -t raw -I PREROUTING -j ${CHAIN}`,
  ].join(' && ');
  await onNode(node, ['sh', '-c', script]);
}

/** Takes back what `refuse` did; harmless when it did nothing. */
export async function reconnect(node: string): Promise<void> {
  const script = `iptables -t raw -D PREROUTING -j ${CHAIN}; iptables -t raw -F ${CHAIN}; iptables -t raw -X ${CHAIN}`;
  await onNode(node, ['sh', '-c', `(${script}) 2>/dev/null || true`]);
}

const cut: Fault = {
  name: 'network cut between two nodes',
  run: async (scene) => {
    const nodes = await workerNodes(scene.world.kubectl);
    const one = await reachOf(scene, scene.random.pick(nodes));
    const two = await reachOf(scene, scene.random.pick(nodes.filter((node) => node !== one.name)));
    const seconds = scene.random.between(10, 45);
    try {
      await refuse(one.name, two);
      await refuse(two.name, one);
      await sleep(seconds * 1000);
    } finally {
      await reconnect(one.name);
      await reconnect(two.name);
    }
    const leader = [one.name, two.name].includes(nodeOfLeader(scene) ?? '');
    return {
      detail: `${one.name} | ${two.name}${leader ? ' (leader on one)' : ''} for ${seconds} s`,
      elections: leader ? 1 : 0,
    };
  },
};

export const NODE_FAULTS: readonly Fault[] = [
  away('a node killed and started again', 'kill', 'start', 20, 90),
  away('a node frozen', 'pause', 'unpause', 10, 45),
  cut,
];
