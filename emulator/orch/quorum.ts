// Quorum questions of multiorch, asked of the project's own durability rules,
// so that the emulator refuses exactly the elections that the operator expects to be refused.
import { canElect, countByCell, parsePolicy, satisfies } from '../../schemas/durability.ts';
import type { ComponentId, PoolerView } from './model.ts';
import { idKey, sameId } from './model.ts';

const member = (id: ComponentId): { id: string; cell: string } => ({
  id: idKey(id),
  cell: id.cell,
});

/** May a leader be elected with only these members of the cohort recruited? */
export function electable(
  policy: string,
  cohort: ComponentId[],
  recruited: ComponentId[],
): boolean {
  const parsed = parsePolicy(policy);
  return parsed !== undefined && canElect(parsed, cohort.map(member), recruited.map(member));
}

/** Could these members alone keep the policy's promise? (2 members, or 2 cells with one each) */
export function satisfied(policy: string, members: ComponentId[]): boolean {
  const parsed = parsePolicy(policy);
  return parsed !== undefined && satisfies(parsed, countByCell(members.map(member)));
}

export const without = (
  members: ComponentId[],
  ...gone: (ComponentId | undefined)[]
): ComponentId[] => members.filter((m) => !gone.some((g) => sameId(m, g)));

/** A pooler that would answer Recruit and counts in an election. */
export function recruitable(pooler: PoolerView | undefined): boolean {
  if (pooler === undefined || !pooler.connected) return false;
  if (
    pooler.lifecycle === 'SHUTDOWN' ||
    pooler.lifecycle === 'STOPPING' ||
    pooler.lifecycle === 'QUARANTINED'
  )
    return false;
  const health = pooler.health;
  return (
    health !== undefined &&
    health.ready &&
    health.eligible &&
    health.initialized &&
    health.postgres === 'STANDBY'
  );
}
