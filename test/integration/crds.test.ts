import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { apiPath, type KubeApi, kindOf } from '../../kube/api.ts';
import { isKubeError, KubeError } from '../../kube/errors.ts';
import { API_KINDS } from '../../schemas/kinds/index.ts';
import { KINDS, type KubeObject } from '../../schemas/k8s.ts';
import { connect, kubectl } from '../support/cluster.ts';
import { eventually } from '../support/kube-api.ts';
import { plainPath, type SchemaCase, schemaCases } from '../support/schema-cases.ts';

const folder = new URL('../../chart/files/crds/', import.meta.url).pathname;
const namespace = `schema-${process.pid}`;
let api: KubeApi;
let close: () => Promise<void>;

before(async () => {
  ({ api, close } = connect());
  kubectl(['apply', '--server-side', '--force-conflicts', '--field-manager=test', '-f', folder]);
  kubectl(['wait', '--for=condition=Established', '--timeout=30s', '-f', folder]);
  await api.raw('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  // a kind is served a moment before it is listed, and kubectl keeps the first list that it gets
  const listed = () => kubectl(['api-resources', '--api-group=multigres.com', '-o', 'name']);
  await eventually('all kinds listed', () => listed().split('\n').length >= API_KINDS.length);
});

after(async () => {
  await api.raw('DELETE', `/api/v1/namespaces/${namespace}`);
  await close();
});

const urlOf = (object: KubeObject, name?: string): string =>
  apiPath(kindOf(object), namespace, name);

const inNamespace = (object: KubeObject): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, namespace },
});

/** What the API server would store. The stored object of a change is there for the moment only. */
async function submit({ object, old }: SchemaCase): Promise<unknown> {
  if (old === undefined) return api.raw('POST', `${urlOf(object)}?dryRun=All`, inNamespace(object));
  const { metadata } = await api.create(inNamespace(old));
  try {
    const changed = { ...object, metadata: { ...metadata, name: object.metadata.name } };
    return await api.raw('PUT', `${urlOf(object, metadata.name)}?dryRun=All`, changed);
  } finally {
    await api.raw('DELETE', urlOf(object, metadata.name));
  }
}

/** The API server sometimes names the whole instead of the part, and the other way round. */
const samePlace = (a: string, b: string): boolean => a.startsWith(b) || b.startsWith(a);

function assertRejected(error: unknown, { expected }: SchemaCase): void {
  assert.ok(isKubeError(error, 'invalid'), String(error));
  const { details, message } = error;
  const path = plainPath(expected.path ?? '');
  assert.ok(
    details.some((cause) => samePlace(plainPath(cause.field), path)),
    `${path} is not in ${JSON.stringify(details)}`,
  );
  const words = expected.because ?? '';
  const texts = [message, ...details.map((cause) => cause.message)];
  assert.ok(
    texts.some((text) => text.includes(words)),
    `no "${words}" in ${texts.join('\n')}`,
  );
}

describe('verdicts of the API server', { concurrency: 8 }, () => {
  for (const item of schemaCases())
    test(`${item.expected.verdict}: ${item.name}`, async () => {
      const outcome = await submit(item).catch((error: unknown) => error);
      if (item.expected.verdict === 'rejected') {
        assertRejected(outcome, item);
        return;
      }
      if (outcome instanceof KubeError) assert.fail(outcome.message);
      assert.partialDeepStrictEqual(outcome, item.expected.stored ?? {});
      for (const path of item.expected.unknown ?? [])
        assert.ok(!JSON.stringify(outcome).includes(`"${path.split('.').at(-1)}":`), path);
    });
});

test('there is one CRD for each kind, and nothing else', () => {
  assert.deepEqual(
    readdirSync(folder).toSorted(),
    API_KINDS.map(({ plural }) => `multigres.com_${plural}.yaml`).toSorted(),
  );
});

test('kubectl explains every kind and lists it by its short name', () => {
  for (const { kind, shortName } of API_KINDS) {
    assert.match(kubectl(['explain', `${shortName}.spec`]), new RegExp(`KIND: +${kind}`));
    assert.equal(kubectl(['get', shortName, '-n', namespace, '-o', 'name']), '');
  }
});

test('kubectl get shows what is wrong', async () => {
  const object = {
    apiVersion: 'multigres.com/v1alpha1',
    kind: 'MultigresCluster',
    metadata: { name: 'shown', namespace },
    spec: { postgresPasswordSecretRef: { name: 'pw', key: 'password' } },
  };
  await api.create(object);
  const condition = { type: 'Available', status: 'False', reason: 'CellsNotReady', message: 'x' };
  const status = {
    phase: 'Progressing',
    message: 'cell z1 has no gateway yet',
    conditions: [{ ...condition, lastTransitionTime: '2026-01-01T00:00:00Z' }],
  };
  await api.apply({ ...object, status } as KubeObject, { subresource: 'status' });
  const [header, line] = kubectl(['get', 'mgc', '-n', namespace]).split('\n');
  assert.match(header ?? '', /^NAME +AVAILABLE +AGE +PHASE +MESSAGE/);
  assert.match(line ?? '', /^shown +False +\S+ +Progressing +cell z1 has no gateway yet/);
});

test('a Shard can be read through its scale subresource', async () => {
  const shard = schemaCases().find(({ name }) => name === 'kinds-of-the-operator/shard');
  assert.ok(shard);
  await api.create(inNamespace(shard.object));
  const path = apiPath(KINDS.Shard, namespace, 'shard', 'scale');
  assert.partialDeepStrictEqual(await api.raw('GET', path), { spec: { replicas: 2 } });
});
