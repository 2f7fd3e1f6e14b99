import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { KubeObject } from '../../schemas/k8s.ts';
import type { Templates } from '../../schemas/resolve/types.ts';
import type { MultigresCluster } from '../../schemas/types.ts';
import type { World } from '../../webhook/policies/world.ts';

/** The service account of the controller in cases. */
export const CONTROLLER = 'system:serviceaccount:multigres-operator:multigres-operator-controller';

/** A world.yaml: templates and clusters are lists of objects. */
export interface WorldFile extends Omit<World, 'templates' | 'clusters'> {
  templates?: KubeObject[];
  clusters?: MultigresCluster[];
}

/** Reads a world.yaml; empty if it is not there. */
export const readWorldFile = (file: URL): WorldFile =>
  existsSync(file) ? (parse(readFileSync(file, 'utf8')) as WorldFile) : {};

/** A world as policies see it. */
export function worldOf({ templates = [], clusters = [], ...rest }: WorldFile): World {
  return { ...rest, clusters, templates: templatesOf(templates) };
}

export function templatesOf(objects: readonly KubeObject[]): Templates {
  const byName = (kind: string) =>
    Object.fromEntries(
      objects.filter((one) => one.kind === kind).map((one) => [one.metadata.name, one]),
    );
  return {
    core: byName('CoreTemplate'),
    cell: byName('CellTemplate'),
    shard: byName('ShardTemplate'),
  } as Templates;
}
