import type { KubeApi } from '../kube/api.ts';
import type { Clock } from '../kube/clock.ts';
import { Informer } from '../kube/informer.ts';
import { Store, type Lister } from '../kube/store.ts';
import { compact } from '../schemas/compact.ts';
import { KINDS, type KubeObject } from '../schemas/k8s.ts';
import { LABELS } from '../schemas/labels.ts';
import { BUILTIN } from '../schemas/resolve/builtin.ts';
import type { TemplateKind } from '../schemas/resolve/templates.ts';
import { indexNodes, REGION_LABEL } from './policies/nodes.ts';
import type { NodeIndex, WorldNode, WorldStorageClass } from './policies/world.ts';
import { recentReads } from './recent.ts';
import { secretKeys } from './secret-keys.ts';
import { trimForPolicies, type ClassFields, type NodeSpec } from './trim.ts';

/** The kinds whose objects the webhook keeps a copy of. */
export const WORLD_KINDS = [
  'MultigresCluster',
  'CoreTemplate',
  'CellTemplate',
  'ShardTemplate',
  'Shard',
  'PersistentVolumeClaim',
  'Node',
  'StorageClass',
] as const;
export type WorldKind = (typeof WORLD_KINDS)[number];

/** Of the claims only those that belong to some cluster of ours. */
const SELECTORS: Partial<Record<WorldKind, string>> = { PersistentVolumeClaim: LABELS.cluster };

/** Copies that tell how a cluster is, not how it shall be: their age counts. */
const STATE_KINDS: readonly WorldKind[] = ['Shard', 'PersistentVolumeClaim'];

interface LiveDeps {
  kube: Pick<KubeApi, 'get' | 'list' | 'watch'>;
  clock: Clock;
  random: () => number;
  log: { debug(fields: object, message?: string): void; warn(fields: object, m?: string): void };
  zoneLabels: readonly string[];
}

/** A missing password is only warned about: that its Secret is gone may be learned this late. */
const SECRET_MS = 5000;
/** Longer than a watch takes to bring a new template, and bounds reads to four a second. */
const NO_TEMPLATE_MS = 250;

/** What the webhook knows of the Kubernetes cluster, kept in step by watches. */
export interface Live {
  listers: Record<WorldKind, Lister>;
  informers: readonly Informer[];
  /** Views that are made once per change, not once per review. */
  nodes(): readonly WorldNode[];
  nodeIndex?(): NodeIndex;
  storageClasses(): readonly WorldStorageClass[];
  /** Names of the keys of a Secret; null = there was no such Secret just now. */
  secretKeys(namespace: string, name: string): Promise<readonly string[] | null>;
  /** The template called `default`, which the copies lack; null = nor was there any just now. */
  defaultTemplate(kind: TemplateKind, namespace: string): Promise<KubeObject | null>;
  /** For how long, in milliseconds, a watch of shards or claims has been out of order; 0 = none. */
  lostMs(): number;
}

export function createLive(deps: LiveDeps): Live {
  const { kube, clock, random, log, zoneLabels } = deps;
  const transform = trimForPolicies(zoneLabels);
  const stores = Object.fromEntries(
    WORLD_KINDS.map((kind) => [kind, new Store({ now: () => clock.now(), transform })]),
  ) as Record<WorldKind, Store>;
  const common = { api: kube, clock, random, log };
  const informers = WORLD_KINDS.map((name) => {
    const labelSelector = SELECTORS[name];
    const wanted = { kind: KINDS[name], store: stores[name], labelSelector };
    return new Informer(compact({ ...common, ...wanted }));
  });
  const informerOf = (kind: WorldKind): Informer | undefined =>
    informers[WORLD_KINDS.indexOf(kind)];
  // Without these a burst of reviews would meet the rate limit of the API client.
  const secrets = recentReads<string[]>({ clock, foundMs: SECRET_MS, missingMs: 0 });
  const defaults = recentReads<KubeObject>({ clock, foundMs: 0, missingMs: NO_TEMPLATE_MS });
  const nodes = viewOf(informerOf('Node'), () => stores.Node.list().map(worldNode));
  return {
    listers: stores,
    informers,
    nodes,
    nodeIndex: viewOf(informerOf('Node'), () => indexNodes(nodes(), [...zoneLabels, REGION_LABEL])),
    storageClasses: viewOf(informerOf('StorageClass'), () =>
      stores.StorageClass.list().map(worldStorageClass),
    ),
    secretKeys: (namespace, name) =>
      secrets(`${namespace}/${name}`, () => secretKeys(kube, namespace, name)),
    defaultTemplate: (kind, namespace) =>
      defaults(`${kind}/${namespace}`, async () => {
        const found = await kube.get({ kind: KINDS[kind], namespace, name: BUILTIN.template });
        return found ?? null;
      }),
    lostMs() {
      const since = STATE_KINDS.map((kind) => informerOf(kind)?.lostMs ?? Infinity);
      return Math.max(0, clock.now() - Math.min(...since));
    },
  };
}

/** Something made from the objects of an informer, remade only after a change of them. */
function viewOf<T>(informer: Informer | undefined, make: () => T): () => T {
  let made: { value: T } | undefined;
  informer?.onChange(() => (made = undefined));
  return () => (made ??= { value: make() }).value;
}

/** Taints by which Kubernetes itself closes a Node: cordoned, not ready, out of service, under pressure. */
const CLOSED = 'node.kubernetes.io/';

export function worldNode({ metadata, spec }: KubeObject): WorldNode {
  const { unschedulable, taints } = (spec ?? {}) as NodeSpec;
  const hard = (taints ?? []).filter(({ effect }) => effect !== 'PreferNoSchedule');
  const own = hard.filter(({ key }) => !key.startsWith(CLOSED));
  return {
    name: metadata.name,
    labels: metadata.labels ?? {},
    schedulable: !unschedulable && own.length === hard.length,
    ...(own.length === 0 ? {} : { taints: own }),
  };
}

const DEFAULT_CLASS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

export function worldStorageClass(object: KubeObject & ClassFields): WorldStorageClass {
  const { metadata, provisioner, allowVolumeExpansion, volumeBindingMode } = object;
  return {
    name: metadata.name,
    isDefault: DEFAULT_CLASS.some((key) => metadata.annotations?.[key] === 'true'),
    // The API server's own defaults: no expansion, and binding at once.
    expandable: allowVolumeExpansion ?? false,
    bindingMode:
      volumeBindingMode === 'WaitForFirstConsumer' ? 'WaitForFirstConsumer' : 'Immediate',
    ...compact({ provisioner }),
  };
}
