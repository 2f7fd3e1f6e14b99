/** From a durability policy to PostgreSQL's quorum commit and back. Pure. */
import type { DurabilityPolicyRecord, Id } from '../../controller/topo/types.ts';
import { applicationName, idOfApplicationName } from '../ids.ts';

export interface SyncSettings {
  /** synchronous_standby_names */
  names: string;
  /** synchronous_commit */
  commit: 'on' | 'local';
}

/** What the leader writes for its cohort. AT_LEAST_N lists every member, itself too; MULTI_CELL those of other cells. */
export function syncSettings(
  policy: DurabilityPolicyRecord,
  cohort: readonly Id[],
  leader: Id,
): SyncSettings {
  const needed = (policy.required_count ?? 0) - 1;
  if (needed <= 0) return { names: '', commit: 'local' };
  const multiCell = policy.quorum_type === 'QUORUM_TYPE_MULTI_CELL_AT_LEAST_N';
  const members = multiCell ? cohort.filter((id) => id.cell !== leader.cell) : cohort;
  const list = members.map((id) => `"${applicationName(id)}"`).join(', ');
  return { names: `ANY ${needed} (${list})`, commit: 'on' };
}

/** Why a cohort could not satisfy a policy, in the runtime's words; undefined when it can. */
export function cohortProblem(
  policy: DurabilityPolicyRecord,
  cohort: readonly Id[],
): string | undefined {
  const required = policy.required_count ?? 0;
  if (policy.quorum_type === 'QUORUM_TYPE_MULTI_CELL_AT_LEAST_N') {
    const cells = new Set(cohort.map((id) => id.cell)).size;
    return cells >= required
      ? undefined
      : `durability not satisfied: ${cells} cells, required ${required}`;
  }
  return cohort.length >= required
    ? undefined
    : `durability not satisfied: ${cohort.length} poolers, required ${required}`;
}

export interface SyncConfigMessage {
  synchronous_commit: string;
  synchronous_method?: string;
  num_sync?: number;
  standby_ids?: Id[];
  standby_application_names?: string[];
}

/** The wire form of what postgres runs with. */
export function syncMessage(names: string, commit: string): SyncConfigMessage {
  const message: SyncConfigMessage = {
    synchronous_commit: `SYNCHRONOUS_COMMIT_${commit.toUpperCase()}`,
  };
  const found = /^(ANY|FIRST)\s+(\d+)\s*\((.*)\)$/.exec(names.trim());
  if (!found) return message;
  const list = [...(found[3] ?? '').matchAll(/"([^"]+)"/g)].map((m) => m[1] ?? '');
  return {
    ...message,
    synchronous_method: `SYNCHRONOUS_METHOD_${found[1]}`,
    num_sync: Number(found[2]),
    standby_ids: list.flatMap((name) => {
      const id = idOfApplicationName(name);
      return id ? [id as Id] : [];
    }),
    standby_application_names: list,
  };
}
