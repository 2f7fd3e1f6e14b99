/**
 * A local volume whose machine is gone for good holds its pod back for ever. The copy is made anew from a backup,
 * elsewhere, once it is certain that nobody can use the old one and another member has all of it.
 */
import { mayAbandonClaim } from '../../guards/may-delete-claim.ts';
import { livingHost } from '../../observe/volume.ts';
import type { Plan } from '../state/action.ts';
import { anotherLeads } from '../state/health.ts';
import { isUnplaced } from '../state/lifecycle.ts';
import type { Member } from '../state/member.ts';
import type { ShardState } from '../state/state.ts';
import { merged, type Planner } from './planner.ts';

const replaceVolume = (state: ShardState, member: Member): Partial<Plan> => {
  const { claim, observed, pod } = member;
  const hosts = claim && state.hosts.get(claim.metadata.name);
  const nodes = [...state.objects.nodes.values()];
  if (!claim || !observed || !hosts || livingHost(hosts, nodes) !== undefined) return {};
  if (!isUnplaced(observed, state.nowMs)) return {};
  const decision = mayAbandonClaim({
    claim,
    hosts,
    nodes,
    node: observed.spec?.nodeName,
    leads: anotherLeads(state, pod),
  });
  if (!decision.ok) return { blocked: [{ pod, reason: decision.refusal }] };
  if (state.dataPlane.readAtMs === undefined) return { needsReading: true };
  const { reason } = decision;
  const { name, uid = '' } = claim.metadata;
  const message = `volume ${name} of ${pod} is given up and made anew from a backup: ${reason}`;
  const notice = { type: 'Warning', reason: 'VolumeLost', message } as const;
  return { actions: [{ kind: 'delete-claim', claim: name, uid, because: 'lost', reason, notice }] };
};

export const planLostVolumes: Planner = (state) =>
  state.hosts.size > 0 ? merged(state.members.map((member) => replaceVolume(state, member))) : {};
