/** Settings that PostgreSQL takes over without a restart: asked of each pod until it confirms them. */
import type { Pod } from '../../../schemas/k8s.ts';
import { KINDS } from '../../../schemas/k8s.ts';
import { ANNOTATIONS } from '../../../schemas/labels.ts';
import type { Shard } from '../../../schemas/types.ts';
import type { Deps } from '../../deps.ts';
import { isTerminating } from '../../observe/pods.ts';
import type { Target } from '../../rpc/client.ts';
import type { ShardMemory } from '../gather/cache.ts';
import type { PostgresConfig } from '../desired/postgres-config.ts';
import type { PoolerView } from '../state/roles.ts';

/** The kubelet needs up to a minute to bring a changed ConfigMap into a pod. */
const RETRY_MS = 10_000;

/** A pod whose settings of the restart class are right, but whose others are not confirmed. */
export const needsReload = (pod: Pod, config: PostgresConfig): boolean =>
  !isTerminating(pod) &&
  pod.metadata.annotations?.[ANNOTATIONS.postgresConfigHash] === config.restartHash &&
  pod.metadata.annotations[ANNOTATIONS.postgresReloadHash] !== config.reloadHash;

export interface ReloadRequest {
  shard: Shard;
  config: PostgresConfig;
  pods: ReadonlyMap<string, Pod>;
  views: readonly PoolerView[];
  targetOf: (view: PoolerView) => Target | undefined;
}

/** Asks every pod that needs it, none more often than every ten seconds. Never throws. */
export const reloadPods = async (
  deps: Deps,
  request: ReloadRequest,
  memory: ShardMemory,
): Promise<void> => {
  const { shard, config, pods } = request;
  const nowMs = deps.clock.now();
  await Promise.all(
    request.views.map(async (view) => {
      const pod = pods.get(view.pod);
      const target = request.targetOf(view);
      const askedMs = memory.reloads.get(view.pod) ?? 0;
      if (!pod || !target || !needsReload(pod, config) || nowMs - askedMs < RETRY_MS) return;
      if (view.status?.status?.postgres_ready !== true) return;
      memory.reloads.set(view.pod, nowMs);
      try {
        const answer = await deps.rpc.reloadConfig(target, config.expected);
        if (answer.needs_restart) {
          const names = (answer.mismatches ?? []).map(({ name }) => name ?? '?').join(', ');
          const text = `${view.pod}: ${names || 'a setting'} needs a restart`;
          deps.events.event(shard, 'Warning', 'ConfigReloadNeedsRestart', text);
        } else if (answer.config_load_time) {
          await confirm(deps, shard, view.pod, config);
        }
      } catch (error) {
        deps.log.info(
          { ns: shard.metadata.namespace, shard: shard.metadata.name, pod: view.pod, err: error },
          'reload of settings failed, trying again',
        );
      }
    }),
  );
};

const confirm = async (
  deps: Deps,
  shard: Shard,
  pod: string,
  config: PostgresConfig,
): Promise<void> => {
  const ref = { kind: KINDS.Pod, namespace: shard.metadata.namespace ?? '', name: pod };
  await deps.kube.mergePatch(ref, {
    metadata: { annotations: { [ANNOTATIONS.postgresReloadHash]: config.reloadHash } },
  });
  deps.events.event(shard, 'Normal', 'ConfigReloaded', `${pod} runs the new settings`);
};
