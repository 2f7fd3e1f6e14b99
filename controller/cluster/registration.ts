/** Keeping the records of a cluster true without asking its topology all the time. */
import { names } from '../../schemas/names.ts';
import { endpointsOf } from '../../schemas/resolve/topo-ref.ts';
import type { ResolvedCluster } from '../../schemas/resolve/types.ts';
import type { MultigresCluster, TopoServer } from '../../schemas/types.ts';
import type { Deps } from '../deps.ts';
import { findCondition, isTrue } from '../observe/conditions.ts';
import { topoMaterial, type TopoMaterialMemory } from '../observe/credentials.ts';
import { registerTopology, type TopologyState } from './topology.ts';

/** Losing it costs one more look at the topology. */
export interface RegistrationMemory extends TopoMaterialMemory {
  /** `atMs`: last look; `provenMs`: last look at which the server answered. */
  verified?: { intent: string; atMs: number; provenMs: number; state: TopologyState };
}

interface Pass {
  deps: Deps;
  cluster: MultigresCluster;
  memory: RegistrationMemory;
}

/** Records that were found right are looked at again after this time: somebody may have lost them. */
export const VERIFY_MS = 30_000;
/** A server that answered this recently may be slow for a while before that is news. */
const TRUST_MS = 90_000;
const RETRY_MS = 5000;

/** Cells with an etcd of their own that has no quorum yet. */
const cellsNotReady = ({ deps }: Pass, resolved: ResolvedCluster): string[] =>
  resolved.cells
    .filter(({ localTopo }) => localTopo?.etcd !== undefined)
    .filter(({ name }) => {
      const server = names.localTopo(names.cell(resolved.name, name));
      const topo = deps.listers.TopoServer.get(resolved.namespace, server) as
        TopoServer | undefined;
      return !isTrue(topo?.status?.conditions, 'Available');
    })
    .map(({ name }) => name);

const globalEndpoints = (resolved: ResolvedCluster): string[] =>
  resolved.globalTopo.kind === 'external'
    ? resolved.globalTopo.external.endpoints
    : endpointsOf(resolved.topoRef.address);

/** Writes the records that differ, unless they were found right a moment ago. */
export const keepRegistered = async (
  pass: Pass,
  resolved: ResolvedCluster,
  leaving: string[],
): Promise<TopologyState> => {
  const { deps, cluster, memory } = pass;
  const notReady = cellsNotReady(pass, resolved);
  const intent = JSON.stringify([
    cluster.metadata.generation,
    resolved.cells,
    resolved.databases,
    notReady,
    leaving,
  ]);
  const nowMs = deps.clock.now();
  const { verified } = memory;
  if (verified?.intent === intent && nowMs - verified.atMs < VERIFY_MS) {
    return { ...verified.state, written: [] };
  }
  const { namespace, topoRef: ref } = resolved;
  const material = await topoMaterial(deps.kube, { namespace, ref, nowMs }, memory);
  if (!material.ok) return { registered: false, written: [], message: material.problem };
  const client = deps.topo.client(globalEndpoints(resolved), material.tls);
  const state = await registerTopology({ resolved, client, notReady, leaving });
  // What was found right a moment ago is not wrong because the server is slow to answer now.
  const recent = verified?.intent === intent && nowMs - verified.provenMs < TRUST_MS;
  if (recent && state.unavailable && state.written.length === 0) {
    memory.verified = { ...verified, atMs: nowMs - VERIFY_MS + RETRY_MS };
    return { ...verified.state, written: [] };
  }
  if (state.registered) memory.verified = { intent, atMs: nowMs, provenMs: nowMs, state };
  else delete memory.verified;
  if (state.written.length > 0) {
    deps.events.event(cluster, 'Normal', 'TopoRegistered', `Written: ${state.written.join(', ')}`);
  }
  const deleted = state.pruned?.deleted ?? [];
  if (deleted.length > 0) {
    deps.events.event(cluster, 'Normal', 'TopoCleanup', `Removed: ${deleted.join(', ')}`);
  }
  return state;
};

/** What the status says of the records, while nobody may look after them. */
export const lastKnown = ({ status }: MultigresCluster): TopologyState => {
  const before = findCondition(status?.conditions, 'TopologyRegistered');
  if (before?.status === 'True') return { registered: true, written: [] };
  return {
    registered: false,
    written: [],
    unavailable: before?.reason === 'TopologyUnavailable',
    ...(before ? { message: before.message } : {}),
  };
};
