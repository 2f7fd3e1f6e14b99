/** The only write of the operator to a pooler's record. */
import type { Pod } from '../../../schemas/k8s.ts';
import { endpointsOf } from '../../../schemas/resolve/topo-ref.ts';
import type { EtcdClient } from '../../topo/client.ts';
import { codecs, patchLifecycle } from '../../topo/codec.ts';
import { topoKeys } from '../../topo/keys.ts';
import type { PoolerEntry } from '../../topo/records.ts';
import { mayMarkShutdown, type ShutdownEvidence } from '../guards/may-mark-shutdown.ts';
import type { ActionOf } from '../state/action.ts';
import { allContainersEnded, hasEnded } from '../state/lifecycle.ts';
import { readProof, Refusal, refTo, tell, type Effect, type Execution } from './context.ts';

/**
 * Writes SHUTDOWN by compare-and-set. False when it was refused or the record changed meanwhile.
 * @param nowMs milliseconds since the epoch
 */
export const markShutdown = async (
  client: EtcdClient,
  entry: PoolerEntry,
  evidence: ShutdownEvidence,
  nowMs: number,
): Promise<{ marked: boolean; reason: string }> => {
  const decision = mayMarkShutdown(entry, evidence);
  if (!decision.ok) return { marked: false, reason: decision.refusal };
  const value = patchLifecycle(entry.kv.value, {
    status: 'LIFECYCLE_SHUTDOWN',
    reason: decision.reason,
    updated: {
      seconds: String(Math.floor(nowMs / 1000)),
      nanos: (nowMs % 1000) * 1_000_000,
    },
  });
  codecs.Multipooler.decode(value);
  const marked = await client.update(entry.kv.key, value, entry.kv.modRevision);
  return { marked, reason: marked ? decision.reason : 'the record changed meanwhile' };
};

/** The topology server that holds the pooler records of a cell. */
const clientOf = async (
  { deps, state: { shard }, material }: Execution,
  cell: string,
): Promise<EtcdClient> => {
  const { address = '', rootPath = '' } = shard.spec?.globalTopoServer ?? {};
  const global = deps.topo.client(endpointsOf(address), material.topoTls);
  const found = await global.get(topoKeys.cell(rootPath, cell));
  const addresses = found ? codecs.Cell.decode(found.value).server_addresses : undefined;
  return addresses && addresses.length > 0 ? deps.topo.client(addresses, material.topoTls) : global;
};

/** What the API server itself says of the pod now: one that came back a moment ago must be seen. */
const evidenceOf = async (
  execution: Execution,
  { pod, proof }: ActionOf<'mark-shutdown'>,
): Promise<ShutdownEvidence> => {
  const { deps, state } = execution;
  const found = (await deps.kube.get(refTo(execution, 'Pod', pod))) as Pod | undefined;
  if (found) {
    const ended = hasEnded(found) || allContainersEnded(found);
    return ended ? { pod: 'ended', proof: 'containers-terminated' } : { pod: 'present' };
  }
  if (proof === 'containers-terminated') return { pod: 'absent', proof };
  const live = await readProof(execution, state.traces.get(pod)?.node);
  return { pod: 'absent', ...(live ? { proof: live } : {}) };
};

/** @throws Refusal when the evidence does not suffice */
export const shutDownRecord: Effect<'mark-shutdown'> = async (execution, action) => {
  const { deps, state } = execution;
  const entry = state.dataPlane.entries.get(action.id);
  if (!entry) throw new Refusal(`pooler ${action.id} has no record`);
  const evidence = await evidenceOf(execution, action);
  const client = await clientOf(execution, entry.record.id?.cell ?? '');
  const { marked, reason } = await markShutdown(client, entry, evidence, deps.clock.now());
  const message = `${action.pod} (${action.id}): ${reason}`;
  if (!marked) throw new Refusal(`not marked SHUTDOWN: ${message}`);
  tell(execution, { type: 'Warning', reason: 'DeadPoolersMarked', message });
};
