/** Deletes the volumes whose pod went for good and whose time to be kept is over; runs once and ends. */
import type { KubeApi } from '../../kube/api.ts';
import { createClient } from '../../kube/client.ts';
import { systemClock } from '../../kube/clock.ts';
import { isKubeError } from '../../kube/errors.ts';
import { createLog, type Log } from '../../kube/log.ts';
import { readOptions } from '../../kube/options.ts';
import { loadKubeConfig } from '../../kube/config.ts';
import { createTransport } from '../../kube/transport.ts';
import { KINDS, type KubeObject, type Pod } from '../../schemas/k8s.ts';
import { LABELS, MANAGED_BY } from '../../schemas/labels.ts';
import { isPausedCluster } from '../observe/paused.ts';
import { judgeOrphans, keyOf, type Verdict } from './judge.ts';
import { SWEEP_OPTIONS } from './options.ts';

interface Sweep {
  kube: KubeApi;
  log: Log;
  namespaces: readonly string[];
  retentionMs: number;
  dryRun: boolean;
  nowMs: number;
}

async function carryOut(
  { kube, log, dryRun }: Sweep,
  { claim, action, reason }: Verdict,
): Promise<void> {
  const { namespace = '', name, uid = '', resourceVersion = '', labels } = claim.metadata;
  const told = { namespace, claim: name, cluster: labels?.[LABELS.cluster], reason };
  if (action === 'refuse') return log.warn(told, 'volume kept: it must not be deleted');
  if (action === 'keep') return log.debug(told, 'volume kept');
  if (dryRun) return log.info(told, 'volume would be deleted');
  try {
    // The claim is as it was when it was judged, or it stays: its pod may be back.
    const ref = { kind: KINDS.PersistentVolumeClaim, namespace, name };
    await kube.delete(ref, { uid, resourceVersion });
    log.info(told, 'volume deleted');
  } catch (error) {
    if (!isKubeError(error, 'conflict', 'gone')) throw error;
    log.info(told, 'volume left alone: it changed meanwhile');
  }
}

/** False when a volume is older than the retention and must stay all the same. */
export async function sweep(options: Sweep): Promise<boolean> {
  const { kube, log, namespaces, retentionMs, nowMs } = options;
  const labelSelector = `${LABELS.managedBy}=${MANAGED_BY},${LABELS.orphanSince}`;
  const claims: KubeObject[] = [];
  const pods: KubeObject[] = [];
  const paused = new Set<string>();
  for (const namespace of namespaces.length > 0 ? namespaces : [undefined]) {
    const place = namespace === undefined ? {} : { namespace };
    const found = await kube.list(KINDS.PersistentVolumeClaim, { ...place, labelSelector });
    if (found.items.length === 0) continue;
    claims.push(...found.items);
    // all of them: who mounts a volume may be no pod of ours
    pods.push(...(await kube.list(KINDS.Pod, place)).items);
    for (const cluster of (await kube.list(KINDS.MultigresCluster, place)).items) {
      const { namespace: at, name } = cluster.metadata;
      if (isPausedCluster(cluster)) paused.add(keyOf(at, name));
    }
  }
  const verdicts = judgeOrphans(claims, pods as Pod[], { nowMs, retentionMs, paused });
  for (const verdict of verdicts) await carryOut(options, verdict);
  log.info({ volumes: verdicts.length }, 'volumes without a pod looked through');
  return verdicts.every(({ action }) => action !== 'refuse');
}

export async function run(
  argv: readonly string[],
  env: Record<string, string | undefined>,
): Promise<number> {
  const parsed = readOptions(SWEEP_OPTIONS, argv, env);
  if (!parsed.ok) {
    process.stderr.write(`${parsed.problems.join('\n')}\n`);
    return 2;
  }
  const { watchNamespaces, retention, dryRun, logLevel } = parsed.value;
  const transport = createTransport(loadKubeConfig(env), systemClock);
  try {
    const clean = await sweep({
      kube: createClient({ transport, clock: systemClock, random: () => Math.random() }),
      log: createLog(logLevel),
      namespaces: watchNamespaces,
      retentionMs: retention,
      dryRun,
      nowMs: systemClock.now(),
    });
    return clean ? 0 : 1;
  } finally {
    await transport.close();
  }
}
