/** A switchover that a user asked for: the annotation on the Shard, and the answer in its status. Pure. */
import { ANNOTATIONS } from '../../../schemas/labels.ts';
import type { Shard } from '../../../schemas/types.ts';

/** Id of the request that is in the specification now. */
export const requestedSwitch = (shard: Shard): string | undefined => {
  const id = shard.metadata.annotations?.[ANNOTATIONS.switchover];
  return id === undefined || id === '' ? undefined : id;
};

/** The status says how this request ended. */
export const isAnswered = (shard: Shard, request: string): boolean => {
  const answer = shard.status?.switchover;
  return answer?.request === request && (answer.phase === 'Completed' || answer.phase === 'Failed');
};
