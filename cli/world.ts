import { compact, nonEmpty } from '../schemas/compact.ts';
import type { KubeObject } from '../schemas/k8s.ts';
import { TEMPLATE_PARTS } from '../schemas/resolve/templates.ts';
import type { Templates } from '../schemas/resolve/types.ts';
import { shapeErrors } from '../schemas/shape-errors.ts';
import { storedForm } from '../schemas/stored-form.ts';
import { isRecord } from '../schemas/walk.ts';
import type { Answer } from '../webhook/bypass.ts';
import { worldNode, worldStorageClass } from '../webhook/live.ts';
import type { ModeOverrides } from '../webhook/policies/policy.ts';
import type { World } from '../webhook/policies/world.ts';
import { namespaceOf, OURS } from './documents.ts';

/** What was read from a cluster before the objects are judged. */
export interface LiveState {
  /** The stored object of the same kind, namespace and name. */
  stored(object: KubeObject, namespace: string): KubeObject | undefined;
  /** What the policies may know for this object; templates of the inputs are laid over it. */
  worldOf(object: KubeObject, namespace: string): World;
  /** The modes in force in a namespace. */
  modesIn(namespace: string): ModeOverrides;
  /** For each policy that the object asks to set aside: may the user? */
  mayBypass(object: KubeObject, namespace: string): ReadonlyMap<string, Answer>;
}

interface WorldOptions {
  /** For objects that name none; `default` if absent. */
  namespace?: string;
  /** What stands in a real cluster; absent = offline. */
  live?: LiveState;
}

const isTemplate = ({ apiVersion, kind }: KubeObject): boolean =>
  apiVersion === OURS && Object.hasOwn(TEMPLATE_PARTS, kind);

/** A template of a shape that no API server stores: whoever names it will not find it. */
export const isWrongTemplate = (object: KubeObject): boolean =>
  isTemplate(object) && shapeErrors(object.kind, storedForm(object.kind, object)).length > 0;

/**
 * The objects of the inputs that policies may look at, as they would be stored. Those that no API
 * server would store are left out: the ones of our group are told of themselves.
 */
export function knownObjects(objects: readonly KubeObject[]): KubeObject[] {
  return objects
    .filter((object) => isUsable(object) && !isWrongTemplate(object))
    .map((object) => (isTemplate(object) ? storedForm(object.kind, object) : object));
}

const isNothing = (value: unknown): boolean => value === undefined || value === null;
const isTextMap = (value: unknown): boolean =>
  isNothing(value) ||
  (isRecord(value) && Object.values(value).every((text) => typeof text === 'string'));

function isUsable({ kind, metadata, ...rest }: KubeObject): boolean {
  if (!isRecord(metadata)) return false;
  const { name, labels, annotations } = metadata as unknown as Record<string, unknown>;
  if (typeof name !== 'string' || !isTextMap(labels) || !isTextMap(annotations)) return false;
  if (kind === 'Node') return hasTaints(rest.spec);
  if (kind !== 'StorageClass') return true;
  const { provisioner } = rest as { provisioner?: unknown };
  return provisioner === undefined || typeof provisioner === 'string';
}

/** Of a Node: its taints are taints, if it has any. */
function hasTaints(spec: unknown): boolean {
  if (isNothing(spec)) return true;
  if (!isRecord(spec)) return false;
  const { taints } = spec;
  const isTaint = (taint: unknown): boolean =>
    isRecord(taint) && typeof taint['key'] === 'string' && typeof taint['effect'] === 'string';
  return isNothing(taints) || (Array.isArray(taints) && taints.every(isTaint));
}

const CLUSTER_WIDE = new Set(['Node', 'StorageClass']);

/** What the policies may know for one object: what is known of the inputs, over what a cluster has. */
export function worldFor(
  object: KubeObject,
  namespace: string,
  known: readonly KubeObject[],
  { live, namespace: fallback = 'default' }: WorldOptions,
): World {
  const near = known.filter(
    (other) => CLUSTER_WIDE.has(other.kind) || namespaceOf(other, fallback) === namespace,
  );
  const given = offlineWorld(near);
  return live ? overlay(live.worldOf(object, namespace), given) : given;
}

/** What is in the inputs is about to be applied: it lies over what the cluster has. */
function overlay(live: World, given: World): World {
  const { nodeIndex: _, ...rest } = live;
  const { templates, secrets, configMaps } = given;
  return compact({
    ...rest,
    templates: {
      core: { ...live.templates?.core, ...templates?.core },
      cell: { ...live.templates?.cell, ...templates?.cell },
      shard: { ...live.templates?.shard, ...templates?.shard },
    },
    secrets: live.secrets || secrets ? { ...live.secrets, ...secrets } : undefined,
    configMaps: live.configMaps || configMaps ? { ...live.configMaps, ...configMaps } : undefined,
    // where the cluster's own may not be read, those of the inputs would pass for all that there are
    nodes: live.nodes && byName(live.nodes, given.nodes),
    storageClasses: live.storageClasses && byName(live.storageClasses, given.storageClasses),
  });
}

function byName<T extends { name: string }>(below: readonly T[], above: readonly T[] = []): T[] {
  return [...new Map([...below, ...above].map((one) => [one.name, one])).values()];
}

/**
 * What policies may know from the inputs alone, for objects of one namespace: it holds the templates
 * of the inputs and no others, so a reference to any other cannot be followed. Nodes, StorageClasses
 * are known if there are any, Secrets and ConfigMaps one by one; all else is unknown. The clusters of
 * the inputs are none that a template of the inputs changes: they are judged themselves, with it.
 * `inNamespace` are the objects of that namespace and those without one.
 */
function offlineWorld(inNamespace: readonly KubeObject[]): World {
  const of = (apiVersion: RegExp, kind: string): KubeObject[] =>
    inNamespace.filter((object) => object.kind === kind && apiVersion.test(object.apiVersion));
  const byNameOf = <T>(objects: KubeObject[], part: (object: KubeObject) => T): Record<string, T> =>
    Object.fromEntries(objects.map((object) => [object.metadata.name, part(object)]));
  const templates = Object.entries(TEMPLATE_PARTS).map(([kind, part]) => {
    const named = inNamespace.filter((object) => isTemplate(object) && object.kind === kind);
    return [part, byNameOf(named, (template) => template)];
  });
  return compact({
    templates: Object.fromEntries(templates) as Templates,
    nodes: nonEmpty(of(/^v1$/, 'Node').map(worldNode)),
    storageClasses: nonEmpty(of(/^storage\.k8s\.io\//, 'StorageClass').map(worldStorageClass)),
    secrets: nonEmpty(byNameOf(of(/^v1$/, 'Secret'), keysOf)),
    configMaps: nonEmpty(byNameOf(of(/^v1$/, 'ConfigMap'), ({ data }) => textsOf(data))),
  });
}

/** Names of keys only: values of Secrets go nowhere. */
function keysOf(secret: KubeObject): string[] {
  const { data, stringData } = secret as { data?: unknown; stringData?: unknown };
  return [data, stringData].flatMap((part) => (isRecord(part) ? Object.keys(part) : []));
}

const textsOf = (data: unknown): Record<string, string> =>
  isRecord(data)
    ? Object.fromEntries(
        Object.entries(data).flatMap(([key, text]) =>
          typeof text === 'string' ? [[key, text] as const] : [],
        ),
      )
    : {};
