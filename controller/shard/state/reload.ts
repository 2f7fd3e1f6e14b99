/** What became of settings that were to be taken over without a restart. Pure. */
import type { Pod } from '../../../schemas/k8s.ts';
import { ANNOTATIONS } from '../../../schemas/labels.ts';
import { isTerminating } from '../../observe/pods.ts';
import type { PostgresConfig } from '../desired/postgres-config.ts';
import type { Reload, ShardState } from './state.ts';

/** Longer than a kubelet needs to bring a changed ConfigMap into the pod. */
const PATIENCE_MS = 120_000;

/** Of this very pod and these settings. */
export const reloadOf = (
  reloads: ReadonlyMap<string, Reload>,
  { metadata: { name, uid } }: Pod,
  hash: string | undefined,
): Reload | undefined => {
  const found = reloads.get(name);
  return found && found.uid === uid && found.hash === hash ? found : undefined;
};

/** A pod whose settings of the restart class are right, but whose others are not confirmed. */
export const needsReload = ({ metadata: { annotations } }: Pod, config: PostgresConfig): boolean =>
  annotations?.[ANNOTATIONS.postgresConfigHash] === config.restartHash &&
  annotations[ANNOTATIONS.postgresReloadHash] !== config.reloadHash;

/** Why a pod has to be replaced although each changed setting should do with a reload, in words. */
export const whyRestart = (
  reloads: ReadonlyMap<string, Reload>,
  wanted: Pod,
  observed: Pod,
): string[] => {
  const hash = wanted.metadata.annotations?.[ANNOTATIONS.postgresReloadHash];
  const restart = reloadOf(reloads, observed, hash)?.restart;
  return restart === undefined ? [] : [`PostgreSQL takes ${restart} only with a restart`];
};

/** Settings that are not in force long after they should be; undefined while there are none. */
export const reloadTrouble = ({
  objects,
  desired,
  reloads,
  nowMs,
}: ShardState): string | undefined => {
  if (!desired) return undefined;
  const { config } = desired;
  const texts = [...objects.pods.values()]
    .filter((pod) => !isTerminating(pod) && needsReload(pod, config))
    .flatMap((pod) => {
      const found = reloadOf(reloads, pod, config.reloadHash);
      if (!found?.mismatch || nowMs - found.firstMs < PATIENCE_MS) return [];
      return [`${pod.metadata.name} does not run the new settings: ${found.mismatch}`];
    });
  return texts.slice(0, 2).join('; ') || undefined;
};
