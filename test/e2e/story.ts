/**
 * What the stories of a cluster's life share: clients write throughout, pods and poolers are watched, and
 * after each step every acknowledged row is read back and the status is held against what is so.
 */
import assert from 'node:assert/strict';
import * as demo from '../../hack/lib/demo.ts';
import { say } from '../../hack/lib/run.ts';
import { startLedger, type Ledger } from '../../hack/ledger/ledger.ts';
import type { Election } from '../../hack/ledger/rules.ts';
import { lostRows } from '../../hack/ledger/verify.ts';
import { tell, total, type WindowReport } from '../../hack/ledger/window.ts';
import { leaderOf, look, untilWhole, type Seen } from '../../hack/lifecycle/truth.ts';
import { openWorld, poolPods, type World } from '../../hack/lifecycle/world.ts';
import { deletions, disruptions, together } from '../../hack/witness/disruption.ts';
import { witnessPods, type PodMoment } from '../../hack/witness/pods.ts';
import type { Stage } from './stage.ts';

const MINUTE = 60_000;

export interface Outcome {
  before: Seen;
  after: Seen;
  /** Who led before the step. */
  leader: string;
  window: WindowReport;
  /** What the pool pods did. */
  moments: readonly PodMoment[];
  /** Pool pods whose deletion was asked for, in that order. */
  deleted: string[];
  elections: Election[];
}

export interface Story {
  world: World;
  stage: Stage;
  ledger: Ledger;
  /** The real runtime: its gateway holds statements while there is no primary. */
  real: boolean;
  /** Runs `act` and judges what came of it. `act` returns once what it asked for can be seen. */
  step(name: string, act: (before: Seen) => Promise<void>, limitMs?: number): Promise<Outcome>;
  close(): Promise<void>;
}

export async function openStory(stage: Stage): Promise<Story> {
  const { kubectl, images, image } = stage;
  const world = openWorld(kubectl);
  await demo.applyDemo(kubectl);
  await untilWhole(world, 6 * MINUTE);
  const ledger = await startLedger({ world, password: demo.DEMO_PASSWORD, image });
  try {
    await ledger.untilWriting(MINUTE);
  } catch (error) {
    await ledger.stop(); // it would keep this process alive
    await world.close();
    throw error;
  }
  const witness = await witnessPods(world.api, world.namespace, world.cluster);
  const real = images.kind !== 'emulator';

  const step: Story['step'] = async (name, act, limitMs = 4 * MINUTE) => {
    const before = await look(world);
    const leader = leaderOf(before);
    const from = Date.now();
    await act(before);
    const after = await untilWhole(world, limitMs);
    await ledger.untilWriting(MINUTE);
    const to = Date.now();
    const window = await ledger.between(name, from, to);
    say(tell(window));
    const moments = witness.moments();
    const since = moments.filter(({ at }) => at >= from);
    const all = await ledger.topology();
    const elections = all.elections.filter(({ at }) => at >= from);
    const checked = await ledger.verify();
    assert.deepEqual(lostRows(checked), [], 'acknowledged rows are lost');
    assert.equal(checked.copies.length, after.pods.length, 'not every Postgres was read');
    const asked = new Set(after.pods.map(({ metadata }) => metadata.name));
    const overlapping = together(
      disruptions(moments, asked).filter(({ to: end }) => !end || end >= from),
    );
    assert.deepEqual(overlapping, [], 'two pool pods were disrupted at the same time');
    const deleted = deletions(since).map(({ pod }) => pod);
    return { before, after, leader, window, moments: since, deleted, elections };
  };
  return {
    ...{ world, stage, ledger, real, step },
    close: async () => {
      witness.stop();
      await ledger.stop();
      await world.close();
    },
  };
}

/** Runs `act` while clients write to a whole cluster, and reads every acknowledged row back from each Postgres. */
export async function underWrites(
  world: World,
  image: string,
  act: () => Promise<void>,
): Promise<void> {
  const ledger = await startLedger({ world, password: demo.DEMO_PASSWORD, image });
  try {
    await ledger.untilWriting(MINUTE);
    await act();
    await ledger.untilWriting(2 * MINUTE);
    assert.deepEqual(lostRows(await ledger.verify()), [], 'acknowledged rows are lost');
  } finally {
    await ledger.stop();
  }
}

/** Planned work costs no client an error; the emulator's gateway cannot keep that promise. */
export function assertNoErrors({ real }: Story, { window }: Outcome): void {
  if (!real) return;
  const told = tell(window);
  assert.equal(total(window.failed) + total(window.refused) + window.lost, 0, told);
}

/** Uid and restarts of each pool pod: equal means that nothing was replaced or restarted. */
export async function identities(world: World): Promise<Record<string, string>> {
  const pods = await poolPods(world);
  return Object.fromEntries(
    pods.map(({ metadata, status }) => {
      const states = [
        ...(status?.containerStatuses ?? []),
        ...(status?.initContainerStatuses ?? []),
      ];
      const restarts = states.reduce((sum, { restartCount }) => sum + restartCount, 0);
      return [metadata.name, `${metadata.uid} restarted ${restarts} times`];
    }),
  );
}
