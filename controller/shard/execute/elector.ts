/** Which orchestrator is told to elect at once. */
import { sleep } from '../../../kube/clock.ts';
import type { Deps } from '../../deps.ts';
import type { Rpc, Target } from '../../rpc/client.ts';
import type { ShardKey } from '../../topo/types.ts';

/** Problems of a leader that an election ends, with a grace period that can be cut short. */
const ELECTABLE = new Set(['LeaderResigned', 'LeaderUnreachableByCohort', 'LeaderUnhealthy']);

/** Orchestrators were seen to list a primary that resigns 1.2 to 2.7 s after it was asked to. */
const LISTED_MS = 15_000;
const EVERY_MS = 100;
const ANSWER_MS = 500;

/**
 * The orchestrator whose turn it is, once it lists such a problem: only then does its grace period count, and
 * only then can it be cut short. One that does not answer loses its turn.
 * @param targets in the order of their turns; asked for anew each time
 * @returns undefined when none lists one within 15 s
 */
export const electorOf = async (
  { rpc, clock }: Pick<Deps, 'clock'> & { rpc: Pick<Rpc, 'shardStatus'> },
  key: ShardKey,
  targets: () => Target[],
): Promise<Target | undefined> => {
  const deadline = clock.now() + LISTED_MS;
  while (clock.now() < deadline) {
    for (const target of targets()) {
      const answer = await rpc.shardStatus(target, key, ANSWER_MS).catch(() => undefined);
      if (answer?.problems?.some(({ code }) => ELECTABLE.has(code ?? ''))) return target;
      if (answer) break;
    }
    await sleep(clock, EVERY_MS);
  }
  return undefined;
};
