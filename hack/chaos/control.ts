/** The operator and the API server, killed or away while the cluster needs them and while it does not. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pod } from '../../schemas/k8s.ts';
import { OPERATOR_NAMESPACE } from '../lib/demo.ts';
import { controlPlaneNode, secondTag } from '../lib/nodes.ts';
import { changePoolImages, switchOver, untilPoolImages } from '../lifecycle/operations.ts';
import { signal, signalOn } from '../lifecycle/processes.ts';
import type { Fault, Scene } from './fault.ts';

const MINUTE = 60_000;

async function killController({ world }: Scene): Promise<void> {
  const selector = 'app.kubernetes.io/component=controller';
  const { items } = await world.kubectl.json<{ items: Pod[] }>([
    ...['-n', OPERATOR_NAMESPACE, 'get', 'pods', '-l', selector],
  ]);
  for (const { metadata } of items)
    await signal({ ...world, namespace: OPERATOR_NAMESPACE }, { pod: metadata.name }, 'KILL');
}

const controllerAlone: Fault = {
  name: 'SIGKILL of the controller',
  short: true,
  run: async (scene) => {
    await killController(scene);
    return { detail: 'with nothing to do', elections: 0 };
  },
};

/** Killed at random moments of a rollout: whichever phase it is in, the next one goes on. */
const controllerInRollout: Fault = {
  name: 'SIGKILL of the controller in a rollout',
  run: async (scene) => {
    const { world, images, random } = scene;
    const tag = `chaos-${random.between(0, 999_999)}`;
    const wanted = {
      postgres: await secondTag(world.kubectl, images.postgres, tag),
      multipooler: images.multigres,
    };
    await changePoolImages(world, wanted);
    const kills = random.between(1, 3);
    const moments: number[] = [];
    for (let i = 0; i < kills; i++) {
      const seconds = random.between(1, 25);
      moments.push(seconds);
      await sleep(seconds * 1000);
      await killController(scene);
    }
    await untilPoolImages(world, wanted, 15 * MINUTE);
    return { detail: `killed after ${moments.join(' s, then ')} s`, elections: 1 };
  },
};

const controllerInSwitchover: Fault = {
  name: 'SIGKILL of the controller in a switchover',
  run: async (scene) => {
    const ms = scene.random.between(100, 4_000);
    const answered = switchOver(scene.world, 4 * MINUTE);
    answered.catch(() => undefined); // awaited below
    await sleep(ms);
    await killController(scene);
    const { phase = 'no phase' } = await answered;
    return { detail: `killed after ${(ms / 1000).toFixed(1)} s, ended as ${phase}`, elections: 1 };
  },
};

const apiServerAway: Fault = {
  name: 'API server unreachable',
  run: async ({ world, random }) => {
    const node = await controlPlaneNode(world.kubectl);
    const target = { pod: `kube-apiserver-${node}`, container: 'kube-apiserver' };
    const seconds = random.between(30, 60);
    try {
      await signalOn(node, 'kube-system', target, 'STOP');
      await sleep(seconds * 1000);
    } finally {
      await signalOn(node, 'kube-system', target, 'CONT');
    }
    return { detail: `for ${seconds} s`, elections: 0 };
  },
};

export const CONTROL_FAULTS: readonly Fault[] = [
  controllerAlone,
  controllerInRollout,
  controllerInSwitchover,
  apiServerAway,
];
