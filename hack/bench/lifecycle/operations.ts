/** The operations that the bench repeats; each returns once what it asked for can be seen. */
import { docker, secondTag } from '../../lib/nodes.ts';
import type { RuntimeImages } from '../../lib/tools.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import * as operations from '../../lifecycle/operations.ts';
import { killPod, signal } from '../../lifecycle/processes.ts';
import { leaderOf, untilWhole, type Seen } from '../../lifecycle/truth.ts';
import { podsOf, type World } from '../../lifecycle/world.ts';
import { COMPONENTS } from '../../../schemas/labels.ts';

const MINUTE = 60_000;

export interface Bench {
  world: World;
  ledger: Ledger;
  images: RuntimeImages;
}

export interface Operation {
  name: string;
  /** Planned work, which should cost no client an error. */
  planned: boolean;
  /** The order that nobody should use: run with --naive only. */
  naive?: boolean;
  /** Before the clock starts. */
  prepare?(bench: Bench): Promise<void>;
  act(bench: Bench, before: Seen, round: number): Promise<void>;
}

const nodeOf = (seen: Seen, pod: string): string => {
  const node = seen.pods.find(({ metadata }) => metadata.name === pod)?.spec?.nodeName;
  if (node === undefined) throw new Error(`pod ${pod} has no node`);
  return node;
};

/** Images of this round that differ from those of the last one in nothing but their tag. */
async function nextImages(
  { world, images }: Bench,
  round: number,
): Promise<{ postgres: string; multipooler: string }> {
  const tag = round % 2 === 0 ? 'even' : 'odd';
  return {
    postgres: await secondTag(world.kubectl, images.postgres, tag),
    multipooler: await secondTag(world.kubectl, images.multigres, tag),
  };
}

async function killNode({ world, ledger }: Bench, before: Seen): Promise<void> {
  const node = nodeOf(before, leaderOf(before));
  const gateways = await podsOf(world, COMPONENTS.multigateway);
  await docker(['kill', node]);
  const at = Date.now();
  for (const { spec, status } of gateways)
    if (spec?.nodeName === node && status?.podIP) ledger.gatewayDied(status.podIP, at);
  await ledger.untilWriting(3 * MINUTE);
  await docker(['start', node]);
}

export const OPERATIONS: readonly Operation[] = [
  {
    name: 'image change, 3 pods',
    planned: true,
    act: async (bench, _before, round) => {
      const images = await nextImages(bench, round);
      await operations.changePoolImages(bench.world, images);
      await operations.untilPoolImages(bench.world, images, 10 * MINUTE);
    },
  },
  {
    name: 'switchover',
    planned: true,
    act: async ({ world }) => void (await operations.switchOver(world, 2 * MINUTE)),
  },
  {
    name: 'scale 2 -> 1 per cell',
    planned: true,
    prepare: async ({ world }) => {
      await operations.scale(world, 2);
      await operations.untilPods(world, 6, 5 * MINUTE);
      await untilWhole(world, 5 * MINUTE);
    },
    act: async ({ world }) => {
      await operations.scale(world, 1);
      await operations.untilPods(world, 3, 5 * MINUTE);
    },
  },
  {
    name: 'drain of the primary’s node',
    planned: true,
    act: async ({ world }, before) => {
      const node = nodeOf(before, leaderOf(before));
      try {
        await operations.drain(world, node, 4 * MINUTE);
      } finally {
        await operations.uncordon(world, node);
      }
    },
  },
  {
    name: 'standby pod deleted',
    planned: true,
    act: async ({ world }, before) => {
      const leader = leaderOf(before);
      const standby = before.pods.find(({ metadata }) => metadata.name !== leader);
      await operations.deletePod(world, standby?.metadata.name ?? '');
      await operations.untilReplaced(world, before, standby?.metadata.name ?? '', 3 * MINUTE);
    },
  },
  {
    name: 'SIGKILL of every process of the primary’s pod',
    planned: false,
    act: async ({ world, ledger }, before) => {
      await killPod(world, leaderOf(before));
      await ledger.untilWriting(2 * MINUTE);
    },
  },
  {
    name: 'SIGKILL of the primary’s Postgres alone',
    planned: false,
    act: async ({ world, ledger }, before) => {
      const pod = leaderOf(before);
      await signal(world, { pod, container: 'postgres', program: 'postgres' }, 'KILL');
      await ledger.untilWriting(2 * MINUTE);
    },
  },
  { name: 'primary’s node killed', planned: false, act: killNode },
  {
    name: 'naive image change: every pool pod deleted at once',
    planned: true,
    naive: true,
    act: async (bench, before, round) => {
      const images = await nextImages(bench, round);
      await operations.changePoolImages(bench.world, images);
      await Promise.all(
        before.pods.map(({ metadata }) => operations.deletePod(bench.world, metadata.name)),
      );
      await operations.untilPoolImages(bench.world, images, 10 * MINUTE);
    },
  },
  {
    name: 'naive move: the primary’s pod deleted',
    planned: true,
    naive: true,
    act: async ({ world }, before) => {
      const pod = leaderOf(before);
      await operations.deletePod(world, pod);
      await operations.untilReplaced(world, before, pod, 3 * MINUTE);
    },
  },
];
