/** What people know a pod by: where it is, and its name once. Pure. */
import type { Member } from './member.ts';
import type { ShardState } from './state.ts';

/** Pods end with their index: no word of a sentence does. */
const OURS = /-\d+$/;

type Places = Pick<ShardState, 'members' | 'shard'>;

/** `zone-b/0`, with its pool where there are several. */
const placeOf = ({ shard }: Places, { cell, index, pool }: Member): string =>
  Object.keys(shard.spec?.pools ?? {}).length > 1 ? `${pool} ${cell}/${index}` : `${cell}/${index}`;

/** `zone-b/0 (demo-...-0)` */
export const nameOf = (state: Places, member: Member): string =>
  `${placeOf(state, member)} (${member.pod})`;

/** The text with each pod named in this way the first time, and by its place alone afterwards. */
export const withPlaces = (state: Places, text: string): string => {
  let told = text;
  for (const member of state.members) {
    const { pod } = member;
    if (!OURS.test(pod) || !told.includes(pod)) continue;
    let named = told.includes(`(${pod})`);
    // not in the name of its volume, nor in an address
    told = told.replaceAll(new RegExp(`(?<![\\w.(-])${pod}(?![\\w-]|\\.\\w)`, 'g'), () => {
      const name = named ? placeOf(state, member) : nameOf(state, member);
      named = true;
      return name;
    });
  }
  return told;
};
