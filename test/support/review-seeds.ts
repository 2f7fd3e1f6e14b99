/** AdmissionReviews as the API server sends them, and what the webhook knows when each comes. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { systemClock } from '../../kube/clock.ts';
import { Store } from '../../kube/store.ts';
import { KINDS, type KindName, type KubeObject } from '../../schemas/k8s.ts';
import { CLEANUP_USERS } from '../../webhook/configurations.ts';
import { WORLD_KINDS, type WorldKind } from '../../webhook/live.ts';
import { ZONE_LABELS } from '../../schemas/labels.ts';
import type { WorldClaim } from '../../webhook/policies/world.ts';
import type { StepsDeps } from '../../webhook/steps.ts';
import { CONTROLLER, readWorldFile, type WorldFile } from './worlds.ts';

export interface ReviewSeed {
  /** The policy and the case that it comes from. */
  name: string;
  review: { apiVersion: string; kind: string; request: Record<string, unknown> };
  world: WorldFile;
}

const CASES = new URL('../cases/policies/', import.meta.url);
const read = (file: URL): KubeObject | undefined =>
  existsSync(file) ? (parse(readFileSync(file, 'utf8')) as KubeObject) : undefined;

/** One for each case of a policy: all kinds and operations, right and wrong, with what runs. */
export function reviewSeeds(): ReviewSeed[] {
  const common = readWorldFile(new URL('world.yaml', CASES));
  return globSync('*/*/input.yaml', { cwd: CASES })
    .toSorted()
    .map((file) => {
      const folder = new URL(file.replace(/input\.yaml$/, ''), CASES);
      const input = read(new URL('input.yaml', folder));
      if (!input) throw new Error(`${file} is empty`);
      const asked = (read(new URL('request.yaml', folder)) ?? {}) as { operation?: string };
      const stored = read(new URL('old.yaml', folder));
      const operation = asked.operation ?? (stored ? 'UPDATE' : 'CREATE');
      const review = reviewOf(operation, input, stored);
      const world = { ...common, ...readWorldFile(new URL('world.yaml', folder)) };
      return { name: file.replace(/\/input\.yaml$/, ''), review, world };
    });
}

function reviewOf(operation: string, input: KubeObject, stored: KubeObject | undefined) {
  const { plural } = KINDS[input.kind as KindName];
  const kind = { group: 'multigres.com', version: 'v1alpha1', kind: input.kind };
  const resource = { group: 'multigres.com', version: 'v1alpha1', resource: plural };
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      kind,
      resource,
      requestKind: kind,
      requestResource: resource,
      name: input.metadata.name,
      namespace: input.metadata.namespace ?? 'ns',
      operation,
      userInfo: {
        username: 'alice',
        uid: '014fbff9a07c',
        groups: ['system:authenticated', 'admin'],
        extra: { 'authentication.kubernetes.io/credential-id': ['X509SHA256=ab'] },
      },
      object: operation === 'DELETE' ? null : input,
      oldObject: operation === 'DELETE' ? input : (stored ?? null),
      dryRun: false,
      options: { apiVersion: 'meta.k8s.io/v1', kind: `${operation}Options` },
    },
  };
}

/** Everything that the steps ask of the outside, from plain data. */
export function plainDeps(world: WorldFile): Omit<StepsDeps, 'log' | 'metrics'> {
  const nowMs = world.nowMs ?? Date.parse('2026-01-02T10:00:00Z');
  const clock = { ...systemClock, now: () => nowMs };
  const templates = world.templates ?? [];
  const held: Partial<Record<WorldKind, KubeObject[]>> = {
    MultigresCluster: world.clusters ?? [],
    Shard: [...(world.shards ?? [])],
    PersistentVolumeClaim: (world.claims ?? []).map(claimObject),
  };
  const stores = Object.fromEntries(
    WORLD_KINDS.map((kind) => {
      const store = new Store({ now: () => nowMs, freeze: true });
      const items = held[kind] ?? templates.filter((one) => one.kind === kind);
      store.replace(structuredClone(items), { startedMs: nowMs, initial: true });
      return [kind, store];
    }),
  ) as Record<WorldKind, Store>;
  return {
    kube: {
      get: ({ kind, name }) => {
        const data = kind.kind === 'ConfigMap' ? world.configMaps?.[name] : undefined;
        return Promise.resolve(
          data
            ? { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { ...data } }
            : undefined,
        );
      },
      list: ({ kind }) =>
        Promise.resolve({ items: stores[kind as WorldKind].list(), resourceVersion: '1' }),
      raw: () => Promise.resolve({ status: { allowed: true } }),
    },
    live: {
      listers: stores,
      nodes: () => world.nodes ?? [],
      storageClasses: () => world.storageClasses ?? [],
      secretKeys: (_namespace, name) => Promise.resolve(world.secrets?.[name] ?? null),
      defaultTemplate: () => Promise.resolve(null),
      lostMs: () => 0,
    },
    controllerAgeMs: () => Promise.resolve(world.liveAgeMs),
    trustedUsers: [CONTROLLER, ...CLEANUP_USERS],
    zoneLabels: world.zoneLabels ?? ZONE_LABELS,
    policySource: {
      config: () => ({ modes: {}, settings: world.settings ?? {} }),
      labelsOf: () => Promise.resolve({}),
    },
    events: { event: () => {} },
    clock,
  };
}

function claimObject(claim: WorldClaim): KubeObject {
  const { name, labels, accessModes, storageClass, requested, capacity, bound } = claim;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'ns', labels: { ...labels } },
    spec: {
      accessModes,
      storageClassName: storageClass,
      resources: { requests: { storage: requested } },
    },
    status: { phase: bound ? 'Bound' : 'Pending', capacity: { storage: capacity } },
  };
}
