import type { KindName } from '../schemas/k8s.ts';
import type { KubeApi } from '../kube/api.ts';
import type { Applier } from '../kube/apply.ts';
import type { Clock } from '../kube/clock.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { Lister } from '../kube/store.ts';
import type { Log } from '../kube/log.ts';
import type { Feed } from './dataplane/feed.ts';
import type { Fleet } from './fleet.ts';
import type { Metrics } from './metrics.ts';
import type { Options } from './options.ts';
import type { Rpc } from './rpc/client.ts';
import type { TopoAccess } from './topo/access.ts';
import type { Wakeups } from './wakeups.ts';

/** Everything a reconciler may use; made once in main.ts. */
export interface Deps<Topo = TopoAccess, Calls = Rpc> {
  /** For live reads and for writes that `applier` does not do. Own writes show in `listers` at once. */
  kube: KubeApi;
  /** Local copies; see WATCHED in watched.ts for what each one holds. */
  listers: Record<KindName, Lister>;
  applier: Applier;
  clock: Clock;
  /** 0 <= x < 1. */
  random: () => number;
  log: Log;
  events: EventRecorder;
  metrics: Metrics;
  topo: Topo;
  rpc: Calls;
  /** What poolers and the topology say of shards, as it changes. */
  feed: Feed;
  wakeups: Wakeups;
  fleet: Fleet;
  options: Options;
}
