import type { KubeObject } from '../schemas/k8s.ts';
import type { Templates } from '../schemas/resolve/types.ts';
import { isRecord } from '../schemas/walk.ts';
import { worldNode, worldStorageClass } from '../webhook/live.ts';
import type { World } from '../webhook/policies/world.ts';

/**
 * What policies may know from the inputs alone, for objects of one namespace: it holds the templates
 * of the inputs and no others, so a reference to any other cannot be followed. Nodes, StorageClasses
 * are known if there are any, Secrets and ConfigMaps one by one; all else is unknown. The clusters of
 * the inputs are none that a template of the inputs changes: they are judged themselves, with it.
 * `inNamespace` are the objects of that namespace and those without one.
 */
export function offlineWorld(inNamespace: readonly KubeObject[]): World {
  const of = (apiVersion: RegExp, kind: string): KubeObject[] =>
    inNamespace.filter((object) => object.kind === kind && apiVersion.test(object.apiVersion));
  const nodes = of(/^v1$/, 'Node').map(worldNode);
  const storageClasses = of(/^storage\.k8s\.io\//, 'StorageClass').map(worldStorageClass);
  const secrets = of(/^v1$/, 'Secret').map(
    (secret) => [secret.metadata.name, keysOf(secret)] as const,
  );
  const configMaps = of(/^v1$/, 'ConfigMap').map(
    (map) => [map.metadata.name, textsOf(map.data)] as const,
  );
  const named = (kind: string) =>
    Object.fromEntries(of(/^multigres\.com\//, kind).map((one) => [one.metadata.name, one]));
  const templates = {
    core: named('CoreTemplate'),
    cell: named('CellTemplate'),
    shard: named('ShardTemplate'),
  } as Templates;
  return {
    templates,
    ...(nodes.length > 0 ? { nodes } : {}),
    ...(storageClasses.length > 0 ? { storageClasses } : {}),
    ...(secrets.length > 0 ? { secrets: Object.fromEntries(secrets) } : {}),
    ...(configMaps.length > 0 ? { configMaps: Object.fromEntries(configMaps) } : {}),
  };
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
