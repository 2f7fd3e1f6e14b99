import { KINDS } from '../../schemas/k8s.ts';
import type { Shard, TableGroup } from '../../schemas/types.ts';
import type { Deps } from '../deps.ts';
import { SUMMARY_MS, type Controller, type Key, type Result } from '../controller.ts';
import { applyChildren, failureText, throwFailure, type Failed } from '../apply/children.ts';
import { childrenOfCluster, ownedBy, ownedKinds } from '../observe/keys.ts';
import { isPaused, withPaused } from '../observe/paused.ts';
import { cancelDrain, isPending, removeDrained, requestDrain } from '../observe/pending.ts';
import { isEnding } from '../observe/ending.ts';
import { withoutWrites } from '../apply/read-only.ts';
import { writeStatus } from '../apply/status.ts';
import { shardsOf } from './desired.ts';
import { tableGroupStatus } from './status.ts';

/** Brings the shards to what the spec says; while the group is being removed, drains them all. */
const bringAbout = async (
  group: TableGroup,
  wanted: readonly Shard[],
  deps: Deps,
): Promise<Failed[]> => {
  if (isPending(group)) {
    for (const shard of ownedBy(deps.listers, 'Shard', group)) await requestDrain(deps, shard);
    return [];
  }
  const { applied, failed } = await applyChildren(deps, group, wanted);
  for (const { object } of applied) await cancelDrain(deps, object);
  const names = new Set(wanted.map((shard) => shard.metadata.name));
  for (const shard of ownedBy(deps.listers, 'Shard', group)) {
    if (!names.has(shard.metadata.name)) await removeDrained(deps, group, shard);
  }
  return failed;
};

const reconcile = async (key: Key, deps: Deps): Promise<Result> => {
  const group = deps.listers.TableGroup.get(key.namespace, key.name) as TableGroup | undefined;
  if (!group || isEnding(deps, group)) return {};
  const wanted = shardsOf(group);
  const paused = isPaused(group, deps.listers) ? withoutWrites(deps) : undefined;
  const failed = await bringAbout(group, wanted, paused?.deps ?? deps);

  const existing = new Map(
    ownedBy<Shard>(deps.listers, 'Shard', group).map((shard) => [shard.metadata.name, shard]),
  );
  const shards = new Map(wanted.map(({ metadata: { name } }) => [name, existing.get(name)]));
  const status = tableGroupStatus(group, {
    shards,
    orphans: [...existing].flatMap(([name, shard]) => (shards.has(name) ? [] : [shard])),
    failure: failureText(failed),
  });
  const { generation } = group.metadata;
  await writeStatus(deps, group, withPaused(status, paused?.pending, generation), failed);
  throwFailure(failed);
  return {};
};

export const tableGroupController: Controller = {
  name: 'tablegroup',
  kind: KINDS.TableGroup,
  reconcile,
  calmMs: SUMMARY_MS,
  sources: [...ownedKinds('TableGroup', ['Shard']), childrenOfCluster('TableGroup')],
};
