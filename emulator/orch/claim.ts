/** The right to initialise a shard: written once, obeyed only by the multiorch id that it names. */
import { messageCodec } from '../../controller/proto/load.ts';
import type { ShardInitClaim } from '../../controller/topo/types.ts';
import { claimPath, type Topo } from '../topo.ts';
import { poolerIdMessage, type IdMessage } from './messages.ts';
import type { ComponentId, ShardKey } from './model.ts';

const codec = messageCodec<ShardInitClaim>('ShardInitClaim');

/**
 * Claims the shard for `me` with these members, unless it is claimed.
 * @returns the claimed cohort if the claim is ours, from whatever time; undefined if it is another's
 */
export async function claimShard(
  topo: Topo,
  key: ShardKey,
  me: IdMessage,
  members: ComponentId[],
): Promise<ComponentId[] | undefined> {
  const path = claimPath(key.database, key.tableGroup, key.shard);
  const found = await topo.global.get(path);
  if (found === undefined) {
    const claim = {
      claimer_id: me,
      cohort_members: members.map(poolerIdMessage),
    } as ShardInitClaim;
    return (await topo.global.create(path, codec.encode(claim))) ? members : undefined;
  }
  const { claimer_id, cohort_members } = codec.decode(found.value);
  if (claimer_id?.name !== me.name || claimer_id?.cell !== me.cell) return undefined;
  return (cohort_members ?? []).map((id) => ({ cell: id.cell ?? '', name: id.name ?? '' }));
}
