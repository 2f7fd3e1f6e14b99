/** Cases on a real API server: their world is made there, their request is sent there. */
import { apiPath, kindOf } from '../../kube/api.ts';
import { KINDS, type KindName, type KubeObject } from '../../schemas/k8s.ts';
import { LIVE_LIMIT_MS } from '../../webhook/policies/live.ts';
import type { PolicySettings } from '../../webhook/policies/world.ts';
import type { ApiCase, RequestFile } from './api-cases.ts';
import { distinct, isIntercepted, operationOf, type Outcome } from './api-outcome.ts';
import type { Answer, ApiServer } from './api-server.ts';
import { makeClaims, makeShards, writeStatus } from './live-world.ts';
import { CONTROLLER, type WorldFile } from './worlds.ts';

/** Namespace and name of our installation in tests of cases. */
export const OPERATOR = 'multigres-operator';
export const RELEASE = 'multigres-operator';

export type Setting = Pick<ApiCase, 'input' | 'old' | 'request' | 'world'>;

/** The parts of a world that all namespaces share: cases that agree on them run side by side. */
export const sharedWorld = ({ nodes, storageClasses, settings, liveAgeMs }: WorldFile): string =>
  JSON.stringify({ nodes, storageClasses, settings, heard: heardOf(liveAgeMs) });

/** How long ago the controller was heard of, as far as it matters. */
const heardOf = (liveAgeMs: number | undefined): 'now' | 'long ago' | 'never' => {
  if (liveAgeMs === undefined) return 'never';
  return liveAgeMs > LIVE_LIMIT_MS ? 'long ago' : 'now';
};

/** Replaces all Nodes, StorageClasses, settings and the sign of life of the controller by a world's. */
export async function makeSharedWorld(server: ApiServer, world: WorldFile): Promise<void> {
  const nodes = (world.nodes ?? []).map(({ name, labels, schedulable, taints = [] }) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels },
    spec: { unschedulable: schedulable === false, taints },
    status: { conditions: [{ type: 'Ready', status: 'True', reason: 'Test' }] },
  }));
  await replaceAll(server, 'Node', nodes);
  for (const { metadata, spec } of nodes) {
    // admission closes new Nodes until something says that they are ready
    const { taints } = spec;
    await server.must('PATCH', apiPath(KINDS.Node, undefined, metadata.name), { spec: { taints } });
  }
  const classes = (world.storageClasses ?? []).map((one) => ({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: {
      name: one.name,
      annotations: { 'storageclass.kubernetes.io/is-default-class': String(one.isDefault) },
    },
    provisioner: one.provisioner ?? 'local.multigres.com/node-path',
    allowVolumeExpansion: one.expandable ?? true,
    volumeBindingMode: one.bindingMode ?? 'WaitForFirstConsumer',
  }));
  await replaceAll(server, 'StorageClass', classes);
  await setHeard(server, heardOf(world.liveAgeMs));
  await setSettings(server, world.settings ?? {});
}

/** Renewed by nobody: a time to come counts as just now. */
async function setHeard(server: ApiServer, heard: ReturnType<typeof heardOf>): Promise<void> {
  const path = apiPath(KINDS.Lease, OPERATOR, RELEASE);
  await server.send('DELETE', path);
  if (heard === 'never') return;
  const ms = Date.now() + (heard === 'now' ? 3_600_000 : -3_600_000);
  const renewTime = new Date(ms).toISOString().replace('Z', '000Z');
  const spec = { holderIdentity: 'test', renewTime };
  await server.must('POST', apiPath(KINDS.Lease, OPERATOR), { metadata: { name: RELEASE }, spec });
}

async function setSettings(server: ApiServer, settings: PolicySettings): Promise<void> {
  const { strictZones = false, deletionProtection = false, backupMaxAgeMs } = settings;
  const data = {
    'setting.strictZones': String(strictZones),
    'setting.deletionProtection': String(deletionProtection),
    'setting.backupMaxAge': backupMaxAgeMs === undefined ? '' : `${backupMaxAgeMs}ms`,
  };
  const name = `${RELEASE}-policies`;
  await server.send('DELETE', apiPath(KINDS.ConfigMap, OPERATOR, name));
  await server.must('POST', apiPath(KINDS.ConfigMap, OPERATOR), { metadata: { name }, data });
}

async function replaceAll(
  server: ApiServer,
  kind: KindName,
  objects: readonly { metadata: { name: string } }[],
): Promise<void> {
  const path = apiPath(KINDS[kind], undefined);
  await server.must('DELETE', path);
  for (const object of objects) await server.must('POST', path, object);
}

const named = (objects: readonly KubeObject[], wanted: KubeObject | undefined): boolean =>
  objects.some(
    ({ kind, metadata }) => kind === wanted?.kind && metadata.name === wanted.metadata.name,
  );

/** Makes what a case finds in its namespace, and what is stored before its request. */
export async function prepare(server: ApiServer, item: Setting, namespace: string): Promise<void> {
  await server.must('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  const { world, request, input, old } = item;
  const before = operationOf(item as ApiCase) === 'DELETE' ? input : old;
  for (const [name, keys] of Object.entries(world.secrets ?? {})) {
    if (keys === null) continue;
    const stringData = Object.fromEntries(keys.map((key) => [key, 'x']));
    const path = apiPath(KINDS.Secret, namespace);
    await server.must('POST', path, { metadata: { name }, stringData });
  }
  for (const [name, data] of Object.entries(world.configMaps ?? {})) {
    if (data === null) continue;
    await server.must('POST', apiPath(KINDS.ConfigMap, namespace), { metadata: { name }, data });
  }
  const { templates = [], clusters = [] } = world;
  for (const object of [...templates, ...clusters]) {
    if (!before || !named([before], object)) await store(server, object, namespace, CONTROLLER);
  }
  await makeShards(server, world, namespace);
  await makeClaims(server, world.claims ?? [], namespace);
  if (!before) return;
  // what no webhook may see is stored as the controller; so are objects that only it may write
  const past = request.storedAsWritten === true || before.kind !== 'MultigresCluster';
  await store(server, before, namespace, past ? CONTROLLER : undefined);
}

async function store(
  server: ApiServer,
  object: KubeObject,
  namespace: string,
  user: string | undefined,
): Promise<void> {
  const { deletionTimestamp, ...metadata } = object.metadata;
  const kind = kindOf(object);
  const path = apiPath(kind, namespace);
  await server.must('POST', path, { ...object, metadata: { ...metadata, namespace } }, user);
  await writeStatus(server, object, path, user);
  if (deletionTimestamp === undefined) return;
  await server.must('DELETE', apiPath(kind, namespace, metadata.name), undefined, CONTROLLER);
}

/** Sends the request of a prepared case as a dry run, so that it can be sent again. */
export async function realOutcome(
  server: ApiServer,
  item: Setting,
  namespace: string,
): Promise<Outcome> {
  const { input, request } = item;
  const operation = operationOf(item as ApiCase);
  const user = request.user ?? (isIntercepted(request) ? undefined : CONTROLLER);
  const asUser = request.subresource ? undefined : user;
  const kind = kindOf(input);
  const path = apiPath(kind, namespace, operation === 'CREATE' ? undefined : input.metadata.name);
  const answer = await attempt(server, { operation, path, asUser, item, namespace });
  return outcomeOf(answer, request);
}

interface Attempt {
  operation: string;
  path: string;
  asUser: string | undefined;
  item: Setting;
  namespace: string;
}

async function attempt(server: ApiServer, how: Attempt): Promise<Answer> {
  const { operation, path, asUser, item, namespace } = how;
  const { input, request } = item;
  const query = `?dryRun=All&fieldValidation=${request.strict ? 'Strict' : 'Ignore'}`;
  if (operation === 'DELETE') return server.send('DELETE', `${path}?dryRun=All`, undefined, asUser);
  const { deletionTimestamp: _, ...metadata } = input.metadata;
  const object = { ...input, metadata: { ...metadata, namespace } };
  if (operation === 'CREATE') return server.send('POST', `${path}${query}`, object, asUser);
  if (request.subresource === 'scale') {
    const scale = await server.must('GET', `${path}/scale`);
    return server.send('PUT', `${path}/scale${query}`, scale.body, asUser);
  }
  const { body } = await server.must('GET', path);
  const { resourceVersion } = (body as unknown as KubeObject).metadata;
  const changed = { ...object, metadata: { ...object.metadata, resourceVersion } };
  const suffix = request.subresource === undefined ? '' : `/${request.subresource}`;
  return server.send('PUT', `${path}${suffix}${query}`, changed, asUser);
}

interface StatusBody {
  message?: string;
  details?: { causes?: { field?: string; message?: string }[] };
}

const codesIn = (text: string): string[] =>
  distinct([...text.matchAll(/\[(MG\d{3}) /g)].map((match) => match[1] ?? ''));

function outcomeOf(answer: Answer, request: RequestFile): Outcome {
  const warnings = answer.warnings.join(' ').replaceAll(/\s+/g, ' ');
  const warned = codesIn(warnings);
  if (answer.status < 300) {
    return {
      verdict: warned.length > 0 ? 'warned' : 'allowed',
      at: [],
      denied: [],
      warned,
      text: warnings,
      ...(answer.body['kind'] === 'Status' || request.subresource
        ? {}
        : { stored: answer.body as unknown as KubeObject }),
    };
  }
  const { message = '', details } = answer.body as StatusBody;
  const causes = details?.causes ?? [];
  const byWebhook = message.includes('denied the request');
  if (!byWebhook && answer.status !== 422 && answer.status !== 400) {
    throw new Error(`${answer.status}: ${message}`);
  }
  const unknown = /unknown field "([^"]+)"/.exec(message)?.[1];
  return {
    verdict: 'denied',
    by: byWebhook ? 'webhook' : 'schema',
    at: byWebhook
      ? []
      : [...causes.flatMap(({ field }) => field ?? []), ...(unknown ? [unknown] : [])],
    denied: byWebhook ? codesIn(message) : [],
    warned,
    text: [message, warnings].join('\n'),
  };
}
