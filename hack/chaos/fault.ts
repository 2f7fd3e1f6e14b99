import type { Pod } from '../../schemas/k8s.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { RuntimeImages } from '../lib/tools.ts';
import type { Seen } from '../lifecycle/truth.ts';
import type { World } from '../lifecycle/world.ts';
import type { Random } from './random.ts';

/** What a fault is done to, and with. */
export interface Scene {
  world: World;
  ledger: Ledger;
  images: RuntimeImages;
  random: Random;
  /** As it was when the round began. */
  before: Seen;
  /** The pod that led then. */
  leader: string;
}

/** What a fault did. */
export interface Done {
  /** In words, with the names. */
  detail: string;
  /** It hit the leader or cut it off, or asked for another one: so many elections are its due. */
  elections: number;
}

export interface Fault {
  name: string;
  /** Part of the short run, that every `npm test` does. */
  short?: boolean;
  /** Does it, and undoes what would not pass by itself. Resolves when it is over. */
  run(scene: Scene): Promise<Done>;
}

export const nameOf = ({ metadata }: Pod): string => metadata.name;

/** A pod's cell and index in few letters: names of pool pods are long. */
export function shortName(pod: Pod): string {
  const labels = pod.metadata.labels ?? {};
  const component = labels['app.kubernetes.io/component'] ?? 'pod';
  const place = [labels['multigres.com/cell'], labels['multigres.com/index']];
  return [component, ...place.filter((one) => one !== undefined)].join(' ');
}
