/** A manifest of one of our kinds -> the objects that the builders make of it, all the way down. */
import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import type { BuildContext } from '../../controller/builders/context.ts';
import { cellChildren } from '../../controller/cell/desired.ts';
import { clusterChildren } from '../../controller/cluster/desired.ts';
import { shardChildren } from '../../controller/shard/desired/index.ts';
import { shardsOf } from '../../controller/tablegroup/desired.ts';
import { topoServerChildren } from '../../controller/toposerver/desired.ts';
import type { KubeObject, PodSpec } from '../../schemas/k8s.ts';
import { resolveCluster } from '../../schemas/resolve/cluster.ts';
import type { Cell, MultigresCluster, Shard, TableGroup, TopoServer } from '../../schemas/types.ts';

export const IMAGES = {
  multigateway: 'multigres:test',
  multiorch: 'multigres:test',
  multipooler: 'multigres:test',
  multiadmin: 'multigres:test',
  multiadminWeb: 'multiadmin-web:test',
  postgres: 'pgctld:test',
};

export const CONTEXT: BuildContext = {
  images: { etcd: 'etcd:test', exporter: 'postgres-exporter:test' },
  otelEnv: {},
};

export interface Input {
  object: KubeObject;
  ctx: BuildContext;
  configBody?: string;
}

/** Documents: the object; then, if wanted, `kind: BuildContext` and the user's ConfigMap. */
export const readInput = (path: string): Input => {
  const documents = parseAllDocuments(readFileSync(path, 'utf8')).map(
    (document) => document.toJS() as KubeObject & Partial<BuildContext>,
  );
  const [object, ...rest] = documents;
  if (object === undefined) throw new Error(`${path} is empty`);
  const context = rest.find(({ kind }) => kind === 'BuildContext');
  const body = rest.find(({ kind }) => kind === 'ConfigMap')?.data;
  const { kind: _, ...given } = context ?? {};
  return {
    object,
    ctx: { ...CONTEXT, ...given },
    ...(body && { configBody: Object.values(body)[0] ?? '' }),
  };
};

/** Direct children, as the reconciler of that kind would want them. */
export const childrenOf = ({ object, ctx, configBody }: Input): KubeObject[] => {
  switch (object.kind) {
    case 'MultigresCluster': {
      const cluster = object as MultigresCluster;
      const result = resolveCluster(cluster, { core: {}, cell: {}, shard: {} });
      if (!result.ok) throw new Error(JSON.stringify(result.problems));
      return clusterChildren(result.value, cluster, IMAGES, ctx);
    }
    case 'TopoServer':
      return topoServerChildren(object as TopoServer, ctx);
    case 'Cell':
      return cellChildren(object as Cell, ctx);
    case 'TableGroup':
      return shardsOf(object as TableGroup);
    case 'Shard': {
      const input = configBody === undefined ? {} : { configBody };
      const { objects, pods } = shardChildren(object as Shard, input, ctx);
      return [...objects, ...pods.flatMap(({ pvc, service, pod }) => [pvc, service, pod])];
    }
    default:
      return [];
  }
};

/** Children, their children and so on. */
export const descendantsOf = (input: Input): KubeObject[] =>
  childrenOf(input).flatMap((object) => [object, ...descendantsOf({ ...input, object })]);

/** The pod specs of an object: its own or that of its template. */
export const podSpecOf = (object: KubeObject): PodSpec | undefined => {
  if (object.kind === 'Pod') return object.spec as PodSpec;
  const spec = object.spec as { template?: { spec?: PodSpec } } | undefined;
  return object.apiVersion === 'apps/v1' ? spec?.template?.spec : undefined;
};

export const containersOf = (spec: PodSpec): PodSpec['containers'] => [
  ...(spec.initContainers ?? []),
  ...spec.containers,
];
