/** What runs already, made on a real API server where no controller works. */
import { apiPath, kindOf } from '../../kube/api.ts';
import { KINDS, type KubeObject } from '../../schemas/k8s.ts';
import type { Shard } from '../../schemas/types.ts';
import { isRecord } from '../../schemas/walk.ts';
import type { WorldClaim } from '../../webhook/policies/world.ts';
import type { ApiServer } from './api-server.ts';
import { CONTROLLER, type WorldFile } from './worlds.ts';

/** What the schema wants of a Shard and no policy reads. */
const SHARD_SPEC = {
  images: { multiorch: 'a', multipooler: 'b', postgres: 'c' },
  globalTopoServer: { address: 'topo:2379', rootPath: '/r', implementation: 'etcd' },
  multiorch: {},
  postgresPasswordSecretRef: { name: 'pw', key: 'password' },
};

export async function makeShards(
  server: ApiServer,
  { shards = [], nowMs = Date.now() }: WorldFile,
  namespace: string,
): Promise<void> {
  const path = apiPath(KINDS.Shard, namespace);
  for (const shard of shards) {
    const { generation: _, ...metadata } = shard.metadata;
    const spec = { ...SHARD_SPEC, ...shard.spec };
    const object = { ...shard, metadata: { ...metadata, namespace }, spec };
    await server.must('POST', path, object, CONTROLLER);
    const status = shifted(shard.status, Date.now() - nowMs) as Shard['status'];
    await writeStatus(server, { ...shard, ...(status ? { status } : {}) } as KubeObject, path);
  }
}

/** Writes the status of an object; the generation that it saw is the real one if it was the last. */
export async function writeStatus(
  server: ApiServer,
  object: KubeObject,
  collection: string,
  user = CONTROLLER,
): Promise<void> {
  const status = object['status'] as { observedGeneration?: number } | undefined;
  if (!status || kindOf(object).group !== KINDS.Shard.group) return;
  const path = `${collection}/${object.metadata.name}`;
  const { body } = await server.must('GET', path);
  const current = body as unknown as KubeObject;
  const { generation = 1 } = current.metadata;
  const seen = status.observedGeneration;
  const upToDate = seen === (object.metadata.generation ?? seen);
  const observedGeneration = upToDate ? generation : generation - 1;
  const written = { ...status, ...(seen === undefined ? {} : { observedGeneration }) };
  await server.must('PUT', `${path}/status`, { ...current, status: written }, user);
}

/** Times of a world are relative to its own now. */
function shifted(value: unknown, ms: number): unknown {
  if (Array.isArray(value)) return value.map((item) => shifted(item, ms));
  if (isRecord(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shifted(one, ms)]));
  }
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return value;
  return new Date(Date.parse(value) + ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/**
 * Claims with volumes that are theirs, as the binder of Kubernetes would leave them. It is not waited
 * for: it has one worker, and nothing to change here.
 */
export async function makeClaims(
  server: ApiServer,
  claims: readonly WorldClaim[],
  namespace: string,
): Promise<void> {
  const distinct = [...new Map(claims.map((claim) => [claim.name, claim])).values()];
  await Promise.all(distinct.map((claim) => makeClaim(server, claim, namespace)));
}

async function makeClaim(server: ApiServer, claim: WorldClaim, namespace: string): Promise<void> {
  const { name, labels, accessModes, storageClass, bound } = claim;
  const size = claim.capacity ?? claim.requested ?? '1Gi';
  const common = { accessModes, storageClassName: storageClass ?? '' };
  const path = apiPath(KINDS.PersistentVolumeClaim, namespace);
  const { body } = await server.must('POST', path, {
    metadata: { name, labels },
    spec: { ...common, resources: { requests: { storage: size } } },
  });
  if (!bound) return;
  const { uid } = (body as unknown as KubeObject).metadata;
  const volumeName = `${namespace}-${name}`;
  const capacity = { storage: size };
  await server.must('POST', '/api/v1/persistentvolumes', {
    metadata: { name: volumeName },
    spec: {
      ...common,
      capacity,
      hostPath: { path: '/none' },
      persistentVolumeReclaimPolicy: 'Retain',
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid },
    },
  });
  const own = `${path}/${name}`;
  const annotations = { 'pv.kubernetes.io/bind-completed': 'yes' };
  await server.must('PATCH', own, { metadata: { annotations }, spec: { volumeName } });
  const allocatedResourceStatuses = { storage: 'ControllerResizeInfeasible' };
  const failed = claim.resizeFailed ? { allocatedResourceStatuses } : {};
  const status = { phase: 'Bound', accessModes, capacity, ...failed };
  await server.must('PATCH', `${own}/status`, { status });
  if (claim.requested === undefined || claim.requested === size) return;
  const resources = { requests: { storage: claim.requested } };
  await server.must('PATCH', own, { spec: { resources } });
}
