import assert from 'node:assert/strict';
import { test } from 'node:test';
import jsonPatch from 'fast-json-patch';
import type { KubeObject } from '../../../schemas/k8s.ts';
import { mutate } from '../../../webhook/mutate.ts';
import type { AdmissionRequest } from '../../../webhook/review.ts';

const cluster = (spec: object, metadata: object = {}): KubeObject => ({
  apiVersion: 'multigres.com/v1alpha1',
  kind: 'MultigresCluster',
  metadata: { name: 'm', namespace: 'ns', ...metadata },
  spec: { postgresPasswordSecretRef: { name: 'pw', key: 'p' }, ...spec },
});
const request = (object: KubeObject, oldObject?: KubeObject): AdmissionRequest => ({
  uid: 'u',
  kind: { group: 'multigres.com', version: 'v1alpha1', kind: object.kind },
  name: 'm',
  namespace: 'ns',
  operation: oldObject ? 'UPDATE' : 'CREATE',
  user: 'alice',
  dryRun: false,
  object,
  ...(oldObject ? { oldObject } : {}),
});
type Patch = { op: string; path: string }[];

test('only adds below spec, and nothing the second time', () => {
  const object = cluster({ cells: [{ name: 'z1', zoneId: 'a' }], logLevels: { pgctld: 'debug' } });
  const patch = mutate(request(object)).patch as Patch;
  assert.ok(patch.length > 0);
  for (const { op, path } of patch) {
    assert.equal(op, 'add');
    assert.ok(path.startsWith('/spec/') && !path.startsWith('/spec/cells'), path);
  }
  const patched = structuredClone(object);
  jsonPatch.applyPatch(
    patched,
    structuredClone(patch) as Parameters<typeof jsonPatch.applyPatch>[1],
  );
  assert.deepEqual(mutate(request(patched)).patch, []);
});

test('leaves alone other kinds, deletions under way, and changes of metadata only', () => {
  const object = cluster({});
  assert.equal(mutate(request({ ...object, kind: 'CellTemplate' })).patch, undefined);
  const dying = cluster({}, { deletionTimestamp: '2026-01-01T00:00:00Z' });
  assert.equal(mutate(request(dying, dying)).patch, undefined);
  assert.equal(mutate(request(cluster({}, { labels: { a: 'b' } }), object)).patch, undefined);
});

test('keys with a slash or a tilde, next to what is added, stay as they are', () => {
  const multigateway = { podLabels: { 'a/b': '1', 'a~b': '2', '~1': '3', '~0/': '4' } };
  const object = cluster({
    cells: [{ name: 'z1', zoneId: 'a', spec: { multigateway } }],
    databases: [{ name: 'postgres', default: true, tablegroups: [] }],
    multiadmin: { placement: { tolerations: [{ key: 'x/y~z' }] } },
  });
  const patch = mutate(request(object)).patch as Patch;
  const { newDocument } = jsonPatch.applyPatch(
    structuredClone(object),
    structuredClone(patch) as Parameters<typeof jsonPatch.applyPatch>[1],
    true,
  );
  assert.partialDeepStrictEqual(newDocument, {
    ...object,
    spec: {
      ...(object.spec as object),
      databases: [{ tablegroups: [{ name: 'default', default: true }] }],
    },
  });
  assert.deepEqual(mutate(request(newDocument)).patch, []);
});

test('what has a wrong type is left for the schema to refuse', () => {
  const wrong = { databases: 'x', logLevels: [], images: 1, multiadmin: true, backup: 'none' };
  const patch = mutate(request(cluster(wrong))).patch as Patch;
  for (const name of Object.keys(wrong)) {
    assert.ok(
      patch.every(({ path }) => !path.startsWith(`/spec/${name}`)),
      name,
    );
  }
  assert.deepEqual(mutate(request({ ...cluster({}), spec: 'x' })).patch, []);
});

test('an empty block makes room for what replaces it, unless the user wrote it', () => {
  const stored = cluster({ globalTopoServer: { etcd: {} }, multiadmin: { spec: {} } });
  const both = {
    globalTopoServer: { etcd: {}, templateRef: 't' },
    multiadmin: { spec: {}, templateRef: 't' },
  };
  const removed = (object: KubeObject, managedFields?: unknown): string[] => {
    const whole = { ...object, metadata: { ...object.metadata, managedFields } };
    const asked = { ...request(object, stored), wholeObject: () => whole };
    return (mutate(asked).patch as Patch).flatMap(({ op, path }) =>
      op === 'remove' ? [path] : [],
    );
  };
  const wanted = ['/spec/globalTopoServer/etcd', '/spec/multiadmin/spec'];
  assert.deepEqual(removed(cluster(both)).toSorted(), wanted);
  // client-side apply tells by an annotation what its file says
  const applied = (spec: object): KubeObject => {
    const text = JSON.stringify({ spec });
    const key = 'kubectl.kubernetes.io/last-applied-configuration';
    return cluster(both, { annotations: { [key]: text } });
  };
  assert.deepEqual(removed(applied(both)), []);
  const { globalTopoServer } = both;
  assert.deepEqual(removed(applied({ globalTopoServer })), ['/spec/multiadmin/spec']);
  const written = { globalTopoServer: { templateRef: 't' }, multiadmin: { templateRef: 't' } };
  assert.deepEqual(removed(applied(written)).toSorted(), wanted);
  // server-side apply by the names of fields
  const entry = (operation: string) => ({
    operation,
    fieldsV1: { 'f:spec': { 'f:globalTopoServer': { 'f:etcd': {}, 'f:templateRef': {} } } },
  });
  assert.deepEqual(removed(cluster(both), [entry('Apply')]), ['/spec/multiadmin/spec']);
  assert.deepEqual(removed(cluster(both), [entry('Update')]).toSorted(), wanted);
});
