/**
 * How long things take in the simulated world, in milliseconds of its own time. A range is drawn from anew each
 * time. The figures of `REAL` were seen on the real runtime and on kind; `FAST` shortens what only costs time.
 */
export interface Pace {
  /** From a pod's creation to its node, and from there to its processes. */
  schedule: Range;
  startContainers: Range;
  /** From a change of a pod's readiness to its status. */
  probe: Range;
  /** From the kubelet's last report of a pod to its removal. */
  removePod: Range;
  /** A node that does not answer is Unknown after this time, its pods are evicted after the second. */
  nodeUnknown: number;
  nodeEviction: number;
  /** From a node's power-on to its kubelet. */
  boot: number;
  /** Between two looks of the pod garbage collector, and how long it waits for a node to return. */
  podCollector: number;
  orphanedPod: number;
  /** A changed ConfigMap reaches the files of a pod after this time. */
  mountSync: Range;

  /** From its process's start to a pooler's registration. */
  register: Range;
  /** Between two rounds of a pooler's monitor. */
  monitor: number;
  initdb: Range;
  backup: Range;
  restore: Range;
  startPostgres: Range;
  rewind: Range;
  /** From a new target of replication to streaming. */
  follow: Range;
  /** SIGTERM to SHUTDOWN, of a standby and of a leader. */
  stopStandby: Range;
  stopLeader: Range;
  /** ResignLeadership, to its answer. */
  resign: Range;
  recruit: Range;
  promote: Range;
  /** Between two cycles of an orchestrator. */
  orchCycle: number;
  /** The grace before a leader is replaced, jitter included. */
  grace: Range;
  /** After this silence a leader counts as lost. */
  silence: Range;
  /** Between two writes of the client. */
  write: number;
}

export type Range = readonly [lowest: number, highest: number];

export const REAL: Pace = {
  schedule: [20, 100],
  startContainers: [1000, 2500],
  probe: [50, 1000],
  removePod: [100, 400],
  nodeUnknown: 40_000,
  nodeEviction: 300_000,
  boot: 5000,
  podCollector: 10_000,
  orphanedPod: 40_000,
  mountSync: [5000, 60_000],
  register: [500, 1500],
  monitor: 5000,
  initdb: [500, 1500],
  backup: [2500, 4500],
  restore: [1000, 1700],
  startPostgres: [400, 900],
  rewind: [800, 2500],
  follow: [200, 600],
  stopStandby: [400, 700],
  stopLeader: [1100, 3200],
  resign: [1500, 2200],
  recruit: [100, 300],
  promote: [500, 900],
  orchCycle: 1000,
  grace: [4000, 12_000],
  silence: [13_000, 19_000],
  write: 100,
};

/** Bring-up in about eight seconds instead of thirty; elections, stops and switches as they are. */
export const FAST: Pace = {
  ...REAL,
  startContainers: [200, 600],
  probe: [20, 200],
  boot: 1000,
  mountSync: [1000, 5000],
  register: [100, 400],
  monitor: 1000,
  initdb: [200, 500],
  backup: [500, 1000],
  restore: [300, 600],
};

/** Everything at once: for the way to a state in which a test begins. */
export const INSTANT: Pace = {
  ...FAST,
  schedule: [5, 10],
  startContainers: [20, 40],
  probe: [5, 10],
  register: [10, 20],
  monitor: 50,
  initdb: [10, 20],
  backup: [20, 40],
  restore: [20, 40],
  startPostgres: [20, 40],
  follow: [10, 20],
  recruit: [10, 20],
  promote: [20, 40],
  orchCycle: 100,
};
