/** Pods that are deleted, and volumes that are lost. */
import { COMPONENTS } from '../../schemas/labels.ts';
import { names } from '../../schemas/names.ts';
import { deletePod, untilReplaced } from '../lifecycle/operations.ts';
import { inNamespace, podsOf } from '../lifecycle/world.ts';
import { type Fault, nameOf, shortName } from './fault.ts';

const MINUTE = 60_000;

const deletion = (title: string, component: string, short: boolean): Fault => ({
  name: `${title} deleted`,
  ...(short ? { short } : {}),
  run: async (scene) => {
    const pod = scene.random.pick(await podsOf(scene.world, component));
    await deletePod(scene.world, nameOf(pod));
    const leader = nameOf(pod) === scene.leader;
    if (component === COMPONENTS.pool)
      await untilReplaced(scene.world, scene.before, nameOf(pod), 3 * MINUTE);
    return {
      detail: `${shortName(pod)}${leader ? ' (leader)' : ''}`,
      elections: leader ? 1 : 0,
    };
  },
});

/** The claim goes with its pod: the storage takes the data away, as when a node with a local disk burns. */
const volumeLoss = (whose: 'a standby’s' | 'the primary’s'): Fault => ({
  name: `${whose} volume lost`,
  run: async ({ world, random, before, leader }) => {
    const ofLeader = whose === 'the primary’s';
    const pod = random.pick(before.pods.filter((one) => (nameOf(one) === leader) === ofLeader));
    const claim = names.dataPvc(nameOf(pod));
    await inNamespace(world, 'delete', 'pvc', claim, '--wait=false');
    await deletePod(world, nameOf(pod));
    await untilReplaced(world, before, nameOf(pod), 6 * MINUTE);
    // one that once led has to be rewound, and a primary whose multipooler was restarted has to go for that
    return { detail: shortName(pod), elections: ofLeader ? 2 : 1 };
  },
});

export const POD_FAULTS: readonly Fault[] = [
  deletion('a pool pod', COMPONENTS.pool, true),
  deletion('a gateway pod', COMPONENTS.multigateway, true),
  deletion('a multiorch pod', COMPONENTS.multiorch, false),
  deletion('an etcd pod', COMPONENTS.toposerver, false),
  volumeLoss('a standby’s'),
  volumeLoss('the primary’s'),
];
