/** What the simulated components of one shard share. */
import type { ComponentId } from '../../../../emulator/orch/model.ts';
import type { ShardKey } from '../../../../controller/topo/types.ts';
import type { Context } from '../nodes/context.ts';
import type { Etcd } from './etcd.ts';
import type { Orchestrator } from './orch.ts';
import type { Pooler } from './pooler.ts';
import type { Repository } from './repository.ts';

/** A leader that was made, and why. */
export interface Election {
  atMs: number;
  pod: string;
  term: number;
  reason: string;
}

export interface ShardContext extends Context {
  etcd: Etcd;
  /** Of all keys in etcd. */
  root: string;
  shardKey: Required<ShardKey>;
  /** Durability policy of the Database record. */
  policy: string;
  repository: Repository;
  /** The newest process of each pooler that ever ran, by its name in the topology. */
  poolers: Map<string, Pooler>;
  /** The newest process of each orchestrator, by its cell. */
  orchestrators: Map<string, Orchestrator>;
  /** Whether processes on these nodes can talk to each other. */
  linked: (nodeA: string, nodeB: string) => boolean;
  /** Whether processes on this node reach the topology server. */
  reachesTopology: (node: string) => boolean;
  /** The orchestrators remove members that are INELIGIBLE although they live. */
  removesIneligible: boolean;
  /** A leader's log goes back to its beginning: copies from the oldest backup catch up too. */
  keepsLog: boolean;
  /** In order. */
  elections: Election[];
  /** Something changed that a health stream would push. */
  changed: () => void;
}

export const findLive = (ctx: ShardContext, id: ComponentId | undefined): Pooler | undefined => {
  const found = id && ctx.poolers.get(id.name);
  return found?.up ? found : undefined;
};
