import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createCelRules } from '../../cli/cel.ts';
import { judgeManifest } from '../../cli/judge.ts';
import { readYaml } from '../../cli/yaml.ts';
import { apiPath, type KubeApi, kindOf } from '../../kube/api.ts';
import { isKubeError } from '../../kube/errors.ts';
import type { KubeObject } from '../../schemas/k8s.ts';
import { kubectl } from '../support/cluster.ts';
import { METADATA } from '../support/metadata-cases.ts';
import { namespaceWithKinds } from '../support/stage.ts';
import { schemaCases } from '../support/schema-cases.ts';

let api: KubeApi;
let end: () => Promise<void>;
let namespace: { name: string };

before(async () => {
  ({ api, namespace, end } = await namespaceWithKinds('cli'));
});

after(() => end());

const SCALARS =
  `on y Off N oN ~ Null 0755 0o17 089 0x1F -0x1f 0b11 0b2 1_000 _1 +5 -0 1:30 2026-01-01
  2026-01-01T10:00:00Z 1e3 1E+3 1e400 .5 +.5 1. 010.5 1_0.5 = 1.2.3 10Gi 1__0 -0b1 0_7 1e-7 !!str&7 !!int&"12"
  !!float&3 !!bool&yes !!binary&aGVsbG8= !own&x "on" 'no' 12345678901234567890`
    .split(/\s+/)
    .map((text) => text.replace('&', ' '));

test('YAML is read as kubectl reads it', () => {
  const text = [
    'apiVersion: v1',
    'kind: ConfigMap',
    'metadata: { name: a }',
    ...SCALARS.map((scalar, i) => `s${i}: ${scalar}`),
    'base: &base { q: 1, r: 2 }',
    'merged: { <<: *base, q: 3 }',
    'twice: { a: 1, a: 2 }',
    '1.5: a',
    'off: b',
    'folded: >',
    '  a',
    '  b',
  ].join('\n');
  const theirs = kubectl(
    ['patch', '--local', '-f', '-', '--type=merge', '-p', '{}', '-o', 'json'],
    text,
  );
  const ours = readYaml(`${text}\n`);
  assert.ok(ours.ok);
  assert.deepEqual(ours.documents[0]?.value, JSON.parse(theirs));
});

test('a text is cut into documents as by kubectl', () => {
  const named = (name: string): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n`;
  const json = (name: string): string => JSON.stringify(readYaml(named(name)).documents[0]?.value);
  const texts = [
    `--- # first\n${named('a')}---\t\n${named('b')}`,
    `${named('a')}...\n---\n${named('b')}`,
    `${named('a')}... # end\n# of it\n`,
    `${named('a')}\r\n---\r\n${named('b')}`,
    `${json('a')}\n${json('b')}`,
    `{apiVersion: v1, kind: ConfigMap, metadata: {name: a},}`,
    `--- ${json('a')}`,
    `---- \n${named('a')}`,
    `%YAML 1.1\n---\n${named('a')}`,
    `%TAG ! tag:example.com,2026:\n---\n${named('a')}`,
    `...\n${named('a')}`,
  ];
  for (const text of texts) {
    const ours = readYaml(text);
    const args = ['patch', '--local', '-f', '-', '--type=merge', '-p', '{}', '-o', 'name'];
    let theirs: string[] | undefined;
    try {
      theirs = kubectl(args, text).trim().split('\n');
    } catch {
      theirs = undefined;
    }
    const names = ours.documents.map(
      ({ value }) => `configmap/${(value as KubeObject).metadata.name}`,
    );
    assert.deepEqual(ours.ok ? names : undefined, theirs, text);
  }
  // kubectl leaves the second one out without a word
  assert.equal(readYaml(`${named('a')}...\n${named('b')}`).ok, false);
});

/** A cluster with parts replaced. */
const cluster = (metadata: object, spec: object = {}, rest: object = {}): KubeObject =>
  ({
    apiVersion: 'multigres.com/v1alpha1',
    kind: 'MultigresCluster',
    metadata: { name: 'm', ...metadata },
    spec: {
      postgresPasswordSecretRef: { name: 'pw', key: 'password' },
      cells: [{ name: 'z1', zoneId: 'az1' }],
      ...spec,
    },
    ...rest,
  }) as KubeObject;

const MORE: Record<string, KubeObject> = {
  'no name': cluster({ name: undefined }),
  'an upper-case name': cluster({ name: 'M' }),
  'a dotted name': cluster({ name: 'a.b' }),
  'a generated name': cluster({ name: undefined, generateName: 'm-' }),
  'a generated name that is too long': cluster({ name: undefined, generateName: 'a'.repeat(21) }),
  'a label with a space': cluster({ labels: { a: 'b c' } }),
  'a label with a long prefix': cluster({ labels: { 'example.com/a': 'b' } }),
  'a label with two prefixes': cluster({ labels: { 'a/b/c': 'd' } }),
  'a label of 64 characters': cluster({ labels: { a: 'b'.repeat(64) } }),
  'an empty label': cluster({ labels: { a: '' } }),
  'a label without a key': cluster({ labels: { '': 'a' } }),
  'a number as label': cluster({ labels: { a: 1 } }),
  'null as label': cluster({ labels: { a: null } }),
  'labels in a list': cluster({ labels: ['a'] }),
  'a boolean as annotation': cluster({ annotations: { a: true } }),
  'an annotation with an upper-case prefix': cluster({ annotations: { 'Example.com/a': 'b' } }),
  'annotations that are too large': cluster({ annotations: { a: 'x'.repeat(262_144) } }),
  'an unknown field of metadata': cluster({ lables: {} }),
  'an unknown field beside spec': cluster({}, {}, { specs: {} }),
  'an unknown field of spec': cluster({}, { multiAdmin: {} }),
  'a status, which is dropped': cluster({}, {}, { status: { phase: 'Healthy' } }),
  'null where a default is': cluster({}, { postgresSuperuser: null }),
  'null where an object may be absent': cluster({}, { backup: null }),
  'null where a text may be absent': cluster({}, { certCommonName: null }),
  'null where a list may be absent': cluster({}, { databases: null }),
  'null where something is required': cluster({}, { postgresPasswordSecretRef: null }),
  'null in a list': cluster({}, { cells: [null] }),
  'null in a map': cluster({}, { externalGateway: { enabled: true, annotations: { a: null } } }),
  'null as spec': cluster({}, {}, { spec: null }),
  'a text as spec': cluster({}, {}, { spec: 'x' }),
  'a list as spec': cluster({}, {}, { spec: [] }),
  'a fraction as replicas': cluster({}, { globalTopoServer: { etcd: { replicas: 1.5 } } }),
  'a text as replicas': cluster({}, { globalTopoServer: { etcd: { replicas: '3' } } }),
  'a number as quantity': cluster(
    {},
    {
      cells: [
        { name: 'z1', zoneId: 'a', spec: { multigateway: { resources: { limits: { cpu: 1 } } } } },
      ],
    },
  ),
  'a fraction as quantity': cluster(
    {},
    {
      cells: [
        {
          name: 'z1',
          zoneId: 'a',
          spec: { multigateway: { resources: { limits: { cpu: 1.5 } } } },
        },
      ],
    },
  ),
  'no quantity': cluster(
    {},
    {
      cells: [
        {
          name: 'z1',
          zoneId: 'a',
          spec: { multigateway: { resources: { limits: { cpu: 'x' } } } },
        },
      ],
    },
  ),
  'a name of 25 characters outside of ASCII': cluster(
    {},
    { externalGateway: { enabled: true, annotations: { ['\u{1F600}'.repeat(40)]: 'x' } } },
  ),
};

const OF_METADATA = Object.fromEntries(
  Object.entries(METADATA).map(([name, [metadata]]) => [name, cluster(metadata)]),
);

/** What the API server says to a client that wants no unknown fields, as kubectl does. */
async function theirVerdict(object: KubeObject, old?: KubeObject): Promise<string> {
  const url = (name?: string) =>
    `${apiPath(kindOf(object), namespace.name, name)}?dryRun=All&fieldValidation=Strict`;
  const put = (one: KubeObject): KubeObject => ({
    ...one,
    metadata: { ...one.metadata, namespace: namespace.name },
  });
  const stored = old ? await api.create(put(old)) : undefined;
  try {
    if (!stored) await api.raw('POST', url(), put(object));
    else {
      const metadata = { ...stored.metadata, ...put(object).metadata };
      await api.raw('PUT', url(object.metadata.name), { ...object, metadata });
    }
    return 'accepted';
  } catch (error) {
    if (!isKubeError(error) || error.status < 400 || error.status >= 500) throw error;
    return 'denied';
  } finally {
    if (stored)
      await api.raw('DELETE', apiPath(kindOf(object), namespace.name, object.metadata.name));
  }
}

describe('the verdict without an API server is that of the API server', { concurrency: 8 }, () => {
  const holds = createCelRules();
  const all = [
    ...schemaCases(),
    ...Object.entries({ ...MORE, ...OF_METADATA }).map(([name, object]) => ({
      name,
      object,
      old: undefined,
    })),
  ];
  for (const { name, object, old } of all)
    test(name, async () => {
      const ours = judgeManifest(object, { holds, webhooks: false, ...(old ? { old } : {}) });
      const texts = ours.findings.map(({ path: at, message }) => `${at}: ${message}`).join('\n');
      assert.equal(ours.verdict, await theirVerdict(object, old), texts);
    });
});

test('a number beyond 32 bits is denied, although the API server stores what nobody can read', async () => {
  const object = cluster({}, { globalTopoServer: { etcd: { replicas: 2 ** 40 + 1 } } });
  assert.equal(judgeManifest(object, { webhooks: false }).verdict, 'denied');
  assert.equal(await theirVerdict(object), 'accepted');
});
