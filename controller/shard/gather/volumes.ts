/** Volumes of pods that find no node. They are read live, and only then: a fleet has many volumes. */
import { KINDS } from '../../../schemas/k8s.ts';
import { names } from '../../../schemas/names.ts';
import { hostsOf } from '../../observe/volume.ts';
import { isUnplaced } from '../state/lifecycle.ts';
import type { ShardObjects } from '../state/state.ts';
import type { Pass } from './cache.ts';

/** Hosts that hold the volume of a claim, by the claim; of those that are tied to hosts. */
export const readHosts = async (
  { deps }: Pass,
  { pods, claims }: ShardObjects,
): Promise<Map<string, string[]>> => {
  const unplaced = [...pods.values()].filter((pod) => isUnplaced(pod, deps.clock.now()));
  const found = await Promise.all(
    unplaced.map(async ({ metadata }) => {
      const claim = claims.get(names.dataPvc(metadata.name));
      const { volumeName: name } = (claim?.spec ?? {}) as { volumeName?: string };
      if (!claim || name === undefined) return [];
      const volume = await deps.kube.get({ kind: KINDS.PersistentVolume, name });
      const hosts = volume && hostsOf(volume);
      return hosts ? [[claim.metadata.name, hosts] as const] : [];
    }),
  );
  return new Map(found.flat());
};
