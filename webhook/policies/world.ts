import type { Templates } from '../../schemas/resolve/types.ts';
import type { MultigresCluster, Shard } from '../../schemas/types.ts';

export interface WorldNode {
  name: string;
  labels: Readonly<Record<string, string>>;
  /** Takes new pods: not cordoned, not reported broken. Absent = yes. */
  schedulable?: boolean;
  /** Taints that keep pods away which do not tolerate them; not those that `schedulable` tells of. */
  taints?: readonly { key: string; value?: string; effect: string }[];
}

export interface WorldStorageClass {
  name: string;
  isDefault: boolean;
  provisioner?: string;
  /** `allowVolumeExpansion`; absent = unknown. */
  expandable?: boolean;
  /** Absent = unknown. */
  bindingMode?: 'Immediate' | 'WaitForFirstConsumer';
}

/** A volume claim of a cluster. */
export interface WorldClaim {
  name: string;
  labels: Readonly<Record<string, string>>;
  accessModes: readonly string[];
  storageClass?: string;
  /** Quantity as requested. */
  requested?: string;
  /** Quantity of the volume; absent until it is bound. */
  capacity?: string;
  bound: boolean;
  /** The last resize failed for good (status.allocatedResourceStatuses ...Infeasible). */
  resizeFailed?: boolean;
}

/** Nodes by label and value, for the labels that name places. Made once per change of the Nodes. */
export type NodeIndex = ReadonlyMap<string, ReadonlyMap<string, readonly WorldNode[]>>;

/** What the operator of this installation decided for the policies. */
export interface PolicySettings {
  /** A zone that no Node carries is denied, not warned about. */
  strictZones?: boolean;
  /** Clusters without the annotation are protected against deletion. */
  deletionProtection?: boolean;
  /** A step that deletes volumes needs a complete backup newer than this, in milliseconds. */
  backupMaxAgeMs?: number;
}

/**
 * What the policies may know of the rest of the cluster: plain data, read once per review.
 * An absent part is unknown (it could not be read, or an offline check has none): policies that
 * need it say nothing, unless data or quorum could be lost.
 */
export interface World {
  nodes?: readonly WorldNode[];
  /** The same Nodes by place; absent = made from `nodes` when needed. */
  nodeIndex?: NodeIndex;
  /** Node labels that may carry the zone of a cell, strongest first; absent = ZONE_LABELS. */
  zoneLabels?: readonly string[];
  storageClasses?: readonly WorldStorageClass[];
  /** The templates of the object's namespace. */
  templates?: Templates;
  /** The templates before an edit of one of them that reaches a cluster; absent = the same. */
  oldTemplates?: Templates;
  /** For a template: the MultigresClusters of its namespace, at least those that use it. */
  clusters?: readonly MultigresCluster[];
  /** Names of the keys of Secrets that the object refers to; null = there is no such Secret. */
  secrets?: Readonly<Record<string, readonly string[] | null>>;
  /** Data of the ConfigMaps that the object refers to; null = there is no such ConfigMap. */
  configMaps?: Readonly<Record<string, Readonly<Record<string, string>> | null>>;
  /**
   * The Shards of the cluster in question with their status, as the controller last wrote it; for a
   * template those of `clusters`, told apart by the label of their cluster.
   */
  shards?: readonly Shard[];
  /** Volume claims of the same clusters. */
  claims?: readonly WorldClaim[];
  /**
   * How old the live state (shards, claims) may be, in milliseconds: time since the controller was
   * last heard of or the watch last worked, whichever is longer. Absent = no live state.
   */
  liveAgeMs?: number;
  /** Time of the review, for the age of backups; milliseconds since the epoch. */
  nowMs?: number;
  settings?: PolicySettings;
}

/** The templates that the stored cluster was made with. */
export const oldTemplatesOf = ({ templates, oldTemplates }: World): Templates | undefined =>
  oldTemplates ?? templates;
