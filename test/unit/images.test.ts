import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256 } from '../../schemas/canonical.ts';
import {
  DEFAULT_IMAGES,
  defaultImagesFromEnv,
  imageRevision,
  resolveImages,
} from '../../schemas/images.ts';
import type { ImageRecord, ImageSet, ImageStrategy } from '../../schemas/images.ts';
import type { MultigresCluster, MultigresClusterSpec } from '../../schemas/types.ts';

const setOf = (tag: string): ImageSet => ({
  multiadmin: `a:${tag}`,
  multiadminWeb: `w:${tag}`,
  multigateway: `g:${tag}`,
  multiorch: `o:${tag}`,
  multipooler: `m:${tag}`,
  postgres: `p:${tag}`,
});
const OLD = setOf('1');
const NEW = setOf('2');

const cluster = (spec: Partial<MultigresClusterSpec> = {}): MultigresCluster => ({
  apiVersion: 'multigres.com/v1alpha1',
  kind: 'MultigresCluster',
  metadata: { name: 'm', namespace: 'ns' },
  spec: { postgresPasswordSecretRef: { name: 'pw', key: 'password' }, ...spec },
});

const resolve = (
  strategy: ImageStrategy,
  record: ImageRecord,
  spec: Partial<MultigresClusterSpec> = {},
) => {
  const result = resolveImages(cluster(spec), NEW, strategy, record);
  assert.ok(result.ok);
  return result;
};
const recorded: ImageRecord = { annotation: JSON.stringify(OLD) };
const acknowledge = (acknowledgedRevision: string) => ({
  imageUpdatePolicy: { acknowledgedRevision },
});

test('the revision is the hash of the sorted lines', () => {
  const lines = 'multiadmin=a:1\nmultiadminweb=w:1\nmultigateway=g:1\nmultiorch=o:1\nmultipooler=m:1\npostgres=p:1'; // prettier-ignore
  assert.equal(imageRevision(OLD), sha256(lines).slice(0, 12));
});

test('the environment overrides defaults; blank values are ignored, others trimmed', () => {
  const images = defaultImagesFromEnv({
    MULTIGRES_IMAGE_POSTGRES: ' registry.example/pgctld:v1 ',
    MULTIGRES_IMAGE_MULTIORCH: '  ',
    MULTIGRES_IMAGE_ETCD: 'etcd:test',
  });
  assert.deepEqual(images, {
    ...DEFAULT_IMAGES,
    postgres: 'registry.example/pgctld:v1',
    etcd: 'etcd:test',
  });
});

test('immediate adopts the current set and rewrites the record', () => {
  const result = resolve('immediate', recorded);
  assert.deepEqual(result.effective, NEW);
  assert.deepEqual(JSON.parse(result.annotation), NEW);
  assert.equal(result.status.source, 'defaults');
  assert.equal(result.status.appliedRevision, imageRevision(NEW));
  assert.equal(result.condition.reason, 'UpToDate');
});

test('immediate warns of an acknowledged revision that names nothing, and adopts', () => {
  const result = resolve('immediate', recorded, acknowledge('abc'));
  assert.deepEqual(result.effective, NEW);
  assert.match(result.warning ?? '', /abc names neither/);
  assert.equal(resolve('immediate', recorded, acknowledge(imageRevision(OLD))).warning, undefined);
});

test('lazy holds the recorded set and shows what is available', () => {
  const result = resolve('lazy', recorded);
  assert.deepEqual(result.effective, OLD);
  assert.equal(result.annotation, recorded.annotation);
  assert.equal(result.status.availableRevision, imageRevision(NEW));
  assert.deepEqual([result.condition.status, result.condition.reason], ['True', 'AwaitingAcknowledgement']); // prettier-ignore
  assert.match(result.condition.message, new RegExp(imageRevision(NEW)));
});

test('lazy adopts once the available revision is acknowledged', () => {
  const result = resolve('lazy', recorded, acknowledge(imageRevision(NEW)));
  assert.deepEqual(result.effective, NEW);
  assert.equal(result.condition.reason, 'UpToDate');
});

test('lazy goes on waiting when the applied revision is acknowledged', () => {
  const result = resolve('lazy', recorded, acknowledge(imageRevision(OLD)));
  assert.equal(result.condition.reason, 'AwaitingAcknowledgement');
  assert.equal(result.warning, undefined);
});

test('lazy holds on a mismatch, with a warning', () => {
  const result = resolve('lazy', recorded, acknowledge('abc'));
  assert.deepEqual(result.effective, OLD);
  assert.equal(result.condition.reason, 'RevisionMismatch');
  assert.match(result.warning ?? '', /abc/);
});

test('the strategy of the cluster beats that of the operator', () => {
  const spec = { imageUpdatePolicy: { strategy: 'lazy' as const } };
  assert.deepEqual(resolve('immediate', recorded, spec).effective, OLD);
  assert.equal(resolve('immediate', recorded, spec).status.updateStrategy, 'lazy');
});

test('lazy without any record adopts: a new cluster, or one that was fully pinned', () => {
  for (const record of [{}, { annotation: '"fully-pinned"' }]) {
    assert.deepEqual(resolve('lazy', record).effective, NEW);
  }
});

test('a wiped status does not matter while the annotation is there, and the other way round', () => {
  assert.deepEqual(resolve('lazy', { annotation: JSON.stringify(OLD) }).effective, OLD);
  assert.deepEqual(resolve('lazy', { applied: OLD }).effective, OLD);
  assert.deepEqual(resolve('lazy', { annotation: '{', applied: OLD }).effective, OLD);
});

test('lazy with an unusable record refuses to guess; immediate adopts', () => {
  const unusable = [
    { annotation: '{' },
    { annotation: '{"postgres":"p:1"}' },
    { applied: { postgres: 'p:1' } },
  ];
  for (const record of unusable) {
    const result = resolveImages(cluster(), NEW, 'lazy', record);
    assert.ok(!result.ok);
    assert.match(result.problem.path, /applied-images/);
    assert.deepEqual(resolve('immediate', record).effective, NEW);
  }
});

test('all six pinned: explicit, nothing applied, the record becomes a tombstone', () => {
  const result = resolve('lazy', recorded, { images: setOf('pin') });
  assert.deepEqual(result.effective, setOf('pin'));
  assert.equal(result.annotation, '"fully-pinned"');
  assert.deepEqual(Object.keys(result.status).toSorted(), ['effective', 'source', 'updateStrategy']); // prettier-ignore
  assert.equal(result.condition.reason, 'FullyPinned');
});

test('one of six pinned: mixed, the pin over the applied set', () => {
  const result = resolve('lazy', recorded, { images: { postgres: 'mine:1' } });
  assert.deepEqual(result.effective, { ...OLD, postgres: 'mine:1' });
  assert.equal(result.status.source, 'mixed');
  assert.deepEqual(result.status.applied, OLD);
});

test('the record is read from the cluster unless given', () => {
  const stored = cluster();
  stored.metadata.annotations = { 'multigres.com/applied-images': JSON.stringify(OLD) };
  const result = resolveImages(stored, NEW, 'lazy');
  assert.ok(result.ok);
  assert.deepEqual(result.effective, OLD);
});
