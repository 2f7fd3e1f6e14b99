/** The announcement's story on a running cluster, with clients writing throughout. */
import { secondTag } from '../lib/nodes.ts';
import { say } from '../lib/run.ts';
import type { RuntimeImages } from '../lib/tools.ts';
import { startLedger } from '../ledger/ledger.ts';
import { lostRows } from '../ledger/verify.ts';
import { total, type WindowReport } from '../ledger/window.ts';
import * as operations from './operations.ts';
import { leaderOf, untilWhole, type Seen } from './truth.ts';
import type { World } from './world.ts';

const MINUTE = 60_000;
const CALM_MS = 3_000;

interface Step {
  /** What a user wants. */
  title: string;
  /** What the user types. */
  command: (before: Seen) => string;
  act: (before: Seen) => Promise<void>;
}

const nodeOf = (seen: Seen): string =>
  seen.pods.find(({ metadata }) => metadata.name === leaderOf(seen))?.spec?.nodeName ?? '';

function steps(world: World, images: RuntimeImages, second: string): Step[] {
  const mgc = `kubectl -n ${world.namespace} patch mgc ${world.cluster}`;
  const scale = (title: string, value: number): Step => ({
    title,
    command: () =>
      `${mgc} --type=json -p '[{"op":"replace","path":".../pools/default/replicasPerCell","value":${value}}]'`,
    act: async ({ cluster }) => {
      await operations.scale(world, value);
      await operations.untilPods(world, value * (cluster.spec?.cells?.length ?? 3), 5 * MINUTE);
    },
  });
  const wanted = { postgres: second, multipooler: images.multigres };
  return [
    scale('scale up to two Postgres in each zone', 2),
    scale('scale down to one again', 1),
    {
      title: 'change the image of Postgres',
      command: () => `${mgc} --type=merge -p '{"spec":{"images":{"postgres":"${second}"}}}'`,
      act: async () => {
        await operations.changePoolImages(world, wanted);
        await operations.untilPoolImages(world, wanted, 8 * MINUTE);
      },
    },
    {
      title: 'move the primary',
      command: () =>
        `kubectl -n ${world.namespace} annotate mgc ${world.cluster} multigres.com/switchover=<id>`,
      act: async () => void (await operations.switchOver(world, 2 * MINUTE)),
    },
    {
      title: 'drain the node of the primary',
      command: (before) =>
        `kubectl drain ${nodeOf(before)} --ignore-daemonsets && kubectl uncordon`,
      act: async (before) => {
        const node = nodeOf(before);
        try {
          await operations.drain(world, node, 4 * MINUTE);
        } finally {
          await operations.uncordon(world, node);
        }
      },
    },
  ];
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

function told({ title }: Step, window: WindowReport, leaders: [string, string]): string {
  const failures = total(window.failed) + total(window.refused);
  const ends = window.gatewayEnds;
  const apart = ends.failed + ends.refused + ends.lost;
  const [before, after] = leaders;
  return [
    `  ${title}: done in ${seconds(window.to - window.from)}.`,
    `The longest that a client waited for one row: ${seconds(window.longestPauseMs)}.`,
    failures === 0 ? 'No statement failed.' : `${failures} statements or connections failed.`,
    ...(apart > 0
      ? [
          `${apart} connections went with the gateway that carried them (${seconds(ends.longestPauseMs)} until they wrote again).`,
        ]
      : []),
    before === after ? 'The primary stayed where it was.' : `The primary is now ${after}.`,
  ].join(' ');
}

export interface TourOptions {
  world: World;
  images: RuntimeImages;
  /** Image with Node, for the clients. */
  image: string;
  password: string;
}

/** Goes through the story and says what each step cost. False if a row was lost. */
export async function tour({ world, images, image, password }: TourOptions): Promise<boolean> {
  const second = await secondTag(world.kubectl, images.postgres, `tour-${Date.now() % 100_000}`);
  const ledger = await startLedger({ world, password, image });
  await ledger.untilWriting(2 * MINUTE);
  say('four clients write numbered rows from here on, each 20 a second at most');
  for (const step of steps(world, images, second)) {
    const before = await untilWhole(world, 5 * MINUTE);
    await ledger.untilCalm(CALM_MS, 2 * MINUTE);
    say(`${step.title}: ${step.command(before)}`);
    const from = Date.now();
    await step.act(before);
    const after = await untilWhole(world, 8 * MINUTE);
    await ledger.untilWriting(2 * MINUTE);
    const window = await ledger.between(step.title, from, Date.now());
    say(told(step, window, [leaderOf(before), leaderOf(after)]));
  }
  const checked = await ledger.verify();
  const lost = lostRows(checked);
  await ledger.stop();
  for (const text of lost) say(text);
  const { acknowledged, copies } = checked;
  say(
    lost.length === 0
      ? `all ${acknowledged} rows that the cluster acknowledged are in each of its ${copies.length} Postgres`
      : `of ${acknowledged} acknowledged rows some are lost: see above`,
  );
  return lost.length === 0;
}
