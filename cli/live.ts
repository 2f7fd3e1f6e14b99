import type { KubeApi } from '../kube/api.ts';
import { createClient } from '../kube/client.ts';
import { systemClock, within } from '../kube/clock.ts';
import { isKubeError } from '../kube/errors.ts';
import { listAll } from '../kube/informer.ts';
import { Store } from '../kube/store.ts';
import { createTransport } from '../kube/transport.ts';
import { loadUserConfig } from '../kube/config.ts';
import { compact } from '../schemas/compact.ts';
import { KINDS, type KubeObject } from '../schemas/k8s.ts';
import { API_GROUP } from '../schemas/kinds/index.ts';
import { LABELS } from '../schemas/labels.ts';
import { isRecord } from '../schemas/walk.ts';
import { textOf } from '../schemas/text.ts';
import type { Answer } from '../webhook/bypass.ts';
import { controllerLease } from '../webhook/controller-lease.ts';
import { WORLD_KINDS, type WorldKind, worldNode, worldStorageClass } from '../webhook/live.ts';
import type { ModeOverrides, PolicyKind } from '../webhook/policies/policy.ts';
import type { World } from '../webhook/policies/world.ts';
import { secretKeys } from '../webhook/secret-keys.ts';
import { worldFor, type WorldDeps } from '../webhook/world.ts';
import { appliedTo } from './applied.ts';
import { type Input, nameOf, namespaceOf, readInputs } from './documents.ts';
import { type Installation, LEASE_NAME, modesIn, readInstallation } from './installation.ts';
import { OFFLINE_WORLD } from './judge.ts';
import type { CommonOptions } from './options.ts';
import { askBypass, type Target, userName } from './person.ts';
import type { Live } from './run.ts';

/** Of the claims only those that belong to some cluster of ours. */
const SELECTORS: Partial<Record<WorldKind, string>> = { PersistentVolumeClaim: LABELS.cluster };
/** What a person may be forbidden to read: then it is unknown, and policies say so or nothing. */
const OPTIONAL: readonly WorldKind[] = ['Node', 'StorageClass', 'PersistentVolumeClaim'];

/**
 * Reads, once and by plain requests, what stands in the cluster about the objects of the inputs.
 * Nothing is written: the questions about the person's own name and rights leave nothing behind.
 */
export async function readLive(asked: CommonOptions, inputs: readonly Input[]): Promise<Live> {
  const { config, namespace: ofContext } = loadUserConfig(asked);
  const transport = createTransport(config, systemClock);
  const kube = createClient({
    transport,
    clock: systemClock,
    random: Math.random,
    qps: 100,
    burst: 200,
    deadlineMs: ANSWER_MS,
  });
  const { server = '' } = config.getCurrentCluster() ?? {};
  try {
    await reach(kube, `${server} (context ${config.getCurrentContext()})`);
    const namespace = asked.namespace ?? ofContext;
    const objects = readInputs(inputs)
      .manifests.filter(({ ours, object }) => ours && isRecord(object.metadata))
      .map(({ object }) => ({ object, namespace: namespaceOf(object, namespace ?? 'default') }));
    const live = await within(systemClock, ALL_MS, readAll(kube, objects));
    if (!live) throw new Error(`${server} did not tell all within ${ALL_MS / 1000} s; try again`);
    return compact({ ...live, namespace });
  } finally {
    await transport.close();
  }
}

/** An API server that does not answer at once is no help to a person who waits. */
const ANSWER_MS = 10_000;
/** All of it, with every object of the inputs. */
const ALL_MS = 60_000;

/** Any answer will do, a refusal too: what may be read shows later. */
async function reach(kube: KubeApi, server: string): Promise<void> {
  try {
    const answer = await kube.raw('GET', '/version');
    if (isRecord(answer) && typeof answer['gitVersion'] === 'string') return;
  } catch (error) {
    if (isKubeError(error) && error.status > 0) return;
    const reason = textOf(error);
    throw new Error(
      `no answer from ${server}: ${reason.replace(/^GET \/version: /, '')}; see which cluster kubectl config current-context names, and whether kubectl version reaches it`,
      { cause: error },
    );
  }
  throw new Error(
    `${server} answers, but not as a Kubernetes API does: see whether kubectl version reaches one, or a proxy or a login page stands before it`,
  );
}

const keyOf = ({ object, namespace }: Target): string =>
  `${object.kind}/${namespace}/${nameOf(object)}`;

/** What the cluster says about one object of the inputs. */
interface Facts {
  old: KubeObject | undefined;
  world: World | undefined;
  answers: ReadonlyMap<string, Answer>;
}

async function readAll(kube: KubeApi, targets: readonly Target[]): Promise<Live> {
  const installation = await readInstallation(kube);
  const user = await userName(kube);
  const modes = new Map<string, ModeOverrides>();
  const copies = new Map<string, Copies>();
  const notes = [...installation.notes];
  for (const namespace of new Set(targets.map((target) => target.namespace))) {
    copies.set(namespace, await copiesOf(kube, namespace, notes));
    modes.set(namespace, await modesIn(kube, namespace, installation, notes));
  }
  const facts = new Map<string, Facts>();
  for (const target of targets) {
    const old = await storedOf(kube, target);
    const sent = { ...target, object: old ? appliedTo(old, target.object) : target.object };
    const near = copies.get(target.namespace);
    const world = near && (await worldOf(kube, sent, { old, near, installation, notes }));
    facts.set(keyOf(target), { old, world, answers: await askBypass(kube, sent) });
  }
  const of = (object: KubeObject, namespace: string): Facts | undefined =>
    facts.get(keyOf({ object, namespace }));
  const state: Live['state'] = {
    stored: (...target) => of(...target)?.old,
    worldOf: (...target) => of(...target)?.world ?? OFFLINE_WORLD,
    modesIn: (namespace) => modes.get(namespace) ?? {},
    mayBypass: (...target) => of(...target)?.answers ?? new Map(),
  };
  return compact({ state, notes: [...new Set(notes)], user });
}

async function storedOf(
  kube: KubeApi,
  { object, namespace }: Target,
): Promise<KubeObject | undefined> {
  const { name } = object.metadata;
  if (typeof name !== 'string' || name === '') return undefined;
  const kind = KINDS[object.kind as keyof typeof KINDS];
  return explained(namespace, () => kube.get({ kind, namespace, name }));
}

/** Without objects of ours there is nothing to judge with: says what is missing in the cluster or in the rights. */
async function explained<T>(namespace: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (isKubeError(error, 'gone'))
      throw new Error(
        `the kinds of ${API_GROUP} are not installed there: install the chart, which has them, or judge without --against-cluster`,
        { cause: error },
      );
    if (isKubeError(error, 'denied'))
      throw new Error(
        `${error.message}; ask for get and list of what ${API_GROUP} has in namespace ${namespace}, or judge without --against-cluster`,
        { cause: error },
      );
    throw error;
  }
}

/** Copies of what the policies look at, of one namespace; what may not be read is missing. */
interface Copies {
  stores: Record<WorldKind, Store>;
  forbidden: readonly WorldKind[];
}

async function copiesOf(kube: KubeApi, namespace: string, notes: string[]): Promise<Copies> {
  const forbidden: WorldKind[] = [];
  const entries = await Promise.all(
    WORLD_KINDS.map(async (kind) => {
      const store = new Store({ now: () => systemClock.now() });
      try {
        const startedMs = systemClock.now();
        const list = () =>
          listAll(kube, KINDS[kind], {
            limit: 500,
            ...(KINDS[kind].namespaced ? { namespace } : {}),
            ...compact({ labelSelector: SELECTORS[kind] }),
          });
        const { items } = await (OPTIONAL.includes(kind) ? list() : explained(namespace, list));
        store.replace(items, { startedMs, initial: true });
      } catch (error) {
        if (!OPTIONAL.includes(kind) || !isKubeError(error, 'denied')) throw error;
        forbidden.push(kind);
        notes.push(`cannot read ${KINDS[kind].plural}: what depends on them is not judged`);
      }
      return [kind, store] as const;
    }),
  );
  return { stores: Object.fromEntries(entries) as Record<WorldKind, Store>, forbidden };
}

interface Near {
  old: KubeObject | undefined;
  near: Copies;
  installation: Installation;
  notes: string[];
}

async function worldOf(
  kube: KubeApi,
  { object, namespace }: Target,
  { old, near, installation, notes }: Near,
): Promise<World> {
  const { stores, forbidden } = near;
  const log = { warn: (_fields: object, message = '') => void notes.push(message) };
  const deps: WorldDeps = {
    kube,
    clock: systemClock,
    zoneLabels: installation.zoneLabels,
    settings: () => installation.config.settings,
    log,
    controllerAgeMs:
      installation.namespace === undefined
        ? () => Promise.resolve(undefined)
        : controllerLease({
            kube,
            clock: systemClock,
            namespace: installation.namespace,
            name: LEASE_NAME,
            log,
          }),
    live: {
      listers: stores,
      nodes: () => stores.Node.list().map(worldNode),
      storageClasses: () => stores.StorageClass.list().map(worldStorageClass),
      secretKeys: (ns, name) => secretKeys(kube, ns, name),
      defaultTemplate: () => Promise.resolve(null),
      lostMs: () => 0,
    },
  };
  try {
    const world = await worldFor(deps, object.kind as PolicyKind, {
      uid: '',
      kind: KINDS[object.kind as keyof typeof KINDS],
      name: object.metadata.name,
      namespace,
      operation: old ? 'UPDATE' : 'CREATE',
      user: '',
      dryRun: true,
      object,
      ...(old ? { oldObject: old } : {}),
    });
    return without(world, forbidden);
  } catch (error) {
    // an object of a wrong shape: the schema says so
    if (error instanceof TypeError) return OFFLINE_WORLD;
    throw error;
  }
}

const PARTS: Partial<Record<WorldKind, (keyof World)[]>> = {
  Node: ['nodes'],
  StorageClass: ['storageClasses'],
  PersistentVolumeClaim: ['claims', 'liveAgeMs'],
};

function without(world: World, forbidden: readonly WorldKind[]): World {
  const unknown = forbidden.flatMap((kind) => PARTS[kind] ?? []);
  return Object.fromEntries(
    Object.entries(world).filter(([part]) => !unknown.includes(part as keyof World)),
  );
}
