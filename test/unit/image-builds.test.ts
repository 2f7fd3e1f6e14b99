import assert from 'node:assert/strict';
import { test } from 'node:test';
import { badBuild, movingTag, parseImage } from '../../schemas/image-builds.ts';
import { DEFAULT_IMAGES } from '../../schemas/images.ts';

test('a reference is split into repository, tag and digest', () => {
  assert.deepEqual(parseImage('a'), { repository: 'a' });
  assert.deepEqual(parseImage('reg:5000/a/b'), { repository: 'reg:5000/a/b' });
  assert.deepEqual(parseImage('reg:5000/a/b:c'), { repository: 'reg:5000/a/b', tag: 'c' });
  assert.deepEqual(parseImage(' a:b@sha256:ff '), {
    repository: 'a',
    tag: 'b',
    digest: 'sha256:ff',
  });
});

test('channels, branches and no tag move; builds, releases and digests do not', () => {
  for (const image of ['a', 'a:latest', 'a:MAIN', 'r:5000/a', 'a:edge', 'a:nightly']) {
    assert.notEqual(movingTag(image), undefined, image);
  }
  for (const image of [
    'a:v1',
    'a:sha-66d2310',
    'a:main-66d2310',
    'a@sha256:ff',
    'a:main@sha256:f',
  ]) {
    assert.equal(movingTag(image), undefined, image);
  }
});

test('only what is known not to work is bad', () => {
  for (const image of ['postgres', 'postgres:17', 'docker.io/library/postgres:17-alpine']) {
    assert.ok(badBuild(image, 'postgres'), image);
    assert.equal(badBuild(image, 'multiorch'), undefined, image);
  }
  assert.ok(badBuild('ghcr.io/multigres/multigres:v0.1.0', 'multiorch'));
  for (const image of [
    'our/postgres:17',
    'ghcr.io/multigres/multigres:v0.1.1',
    'multigres:v0.1.0',
  ]) {
    assert.equal(badBuild(image, 'postgres'), undefined, image);
  }
});

test('the images that the operator runs by default are fixed and good', () => {
  for (const [component, image] of Object.entries(DEFAULT_IMAGES)) {
    assert.equal(movingTag(image), undefined, image);
    assert.equal(badBuild(image, component), undefined, image);
  }
});
