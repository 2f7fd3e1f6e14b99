/** What people and fate do to a shard, as data: for random sequences that can be made shorter when one fails. */
import type { World } from './harness.ts';
import { isWrite } from './kube/faults.ts';

export const OPERATIONS = {
  scaleUp: (world) => {
    const now = world.shard.replicasPerCell;
    if (now < 2) world.shard.scale(now + 1);
  },
  scaleDown: (world) => {
    const now = world.shard.replicasPerCell;
    if (now > 1) world.shard.scale(now - 1);
  },
  changeImage: (world) => world.shard.changeImage(),
  killProcess: (world, pick) => {
    const name = chosenPod(world, pick);
    if (name !== undefined) world.nodes.crash(name);
  },
  deletePod: (world, pick) => {
    const name = chosenPod(world, pick);
    if (name !== undefined) world.nodes.deletePod(name);
  },
  evictByKubelet: (world, pick) => {
    const name = chosenPod(world, pick);
    if (name !== undefined) world.nodes.evictByKubelet(name);
  },
  powerOff: (world, pick) => {
    if (allAnswer(world)) world.nodes.powerOff(chosenNode(world, pick));
  },
  cutOff: (world, pick) => {
    if (allAnswer(world)) world.nodes.cutOff(chosenNode(world, pick));
  },
  nodesReturn: (world) => bringBack(world),
  drain: (world, pick) => void world.nodes.drain(chosenNode(world, pick)),
  uncordon: (world) => uncordon(world),
  topologyLost: (world) => {
    world.runtime.ctx.etcd.available = false;
  },
  topologyBack: (world) => {
    world.runtime.ctx.etcd.available = true;
  },
  apiFails: (world, pick) => {
    const heal = world.faults.add({
      when: (request) => isWrite(request),
      failure: pick % 2 === 0 ? 'lost-answer' : { status: 500, message: 'etcdserver: timed out' },
      times: 5 + (pick % 10),
    });
    world.clock.after(20_000, heal);
  },
  operatorDies: (world) => world.restartOperator(),
} satisfies Record<string, (world: World, pick: number) => void>;

export type OperationName = keyof typeof OPERATIONS;

export interface Operation {
  name: OperationName;
  /** Which pod or node, by its place in the list. */
  pick: number;
  /** Time that passes afterwards, in ms. */
  waitMs: number;
}

export async function perform(world: World, operations: readonly Operation[]): Promise<void> {
  for (const { name, pick, waitMs } of operations) {
    world.tell(`--- ${name}`);
    OPERATIONS[name](world, pick);
    await world.run(waitMs);
  }
}

/** Undoes all that stays broken by itself. */
export function heal(world: World): void {
  world.tell('--- heal');
  bringBack(world);
  uncordon(world);
  world.runtime.ctx.etcd.available = true;
}

const chosenPod = (world: World, pick: number): string | undefined => {
  const pods = world.shard.pods();
  return pods[pick % Math.max(pods.length, 1)]?.metadata.name;
};

const chosenNode = (world: World, pick: number): string => {
  const { names } = world.nodes;
  return names[pick % names.length] ?? '';
};

const allAnswer = ({ nodes }: World): boolean => nodes.names.every((name) => nodes.answers(name));

function bringBack({ nodes }: World): void {
  for (const name of nodes.names) {
    if (nodes.isCut(name)) nodes.heal(name);
    else if (!nodes.answers(name)) nodes.powerOn(name);
  }
}

function uncordon({ nodes }: World): void {
  for (const name of nodes.names) nodes.cordon(name, false);
}
