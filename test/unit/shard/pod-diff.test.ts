import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { whyReplaced } from '../../../controller/shard/desired/pod-diff.ts';
import { withSpecHash } from '../../../controller/shard/desired/spec-hash.ts';
import type { Pod, PodSpec } from '../../../schemas/k8s.ts';
import { ANNOTATIONS } from '../../../schemas/labels.ts';
import { ALL } from '../../support/desired-cases.ts';

interface Case {
  name: string;
  hash?: 'same';
  settings?: [before: string, after: string];
  wanted: PodSpec;
  observed: PodSpec;
  why: string[];
}

const podOf = (spec: PodSpec, hash: string, settings: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'p',
    annotations: { [ANNOTATIONS.specHash]: hash, [ANNOTATIONS.postgresConfigHash]: settings },
  },
  spec,
});

const file = new URL('../../cases/pod-diff/table.yaml', import.meta.url);
for (const { name, hash, settings: [before, after] = ['', ''], wanted, observed, why } of parse(
  readFileSync(file, 'utf8'),
) as Case[]) {
  test(`pod-diff: ${name}`, () => {
    const want = podOf(wanted, 'new', after);
    const have = podOf(observed, hash === 'same' ? 'new' : 'old', before);
    assert.deepEqual(whyReplaced(want, have), why);
  });
}

test('a pod as built differs from itself in nothing, and an unknown hash in nothing that has a name', () => {
  for (const object of ALL.filter(({ kind }) => kind === 'Pod')) {
    const pod = object as Pod;
    assert.deepEqual(whyReplaced(pod, pod), []);
    const { annotations = {} } = pod.metadata;
    const older = { ...annotations, [ANNOTATIONS.specHash]: 'of another release' };
    const observed = { ...pod, metadata: { ...pod.metadata, annotations: older } };
    assert.deepEqual(whyReplaced(pod, observed), ['specification changed']);
  }
});

/** One change each of everything that spec-hash.ts reads. */
test('whatever changes the spec hash has a name', () => {
  const pod = ALL.find(({ kind }) => kind === 'Pod') as Pod;
  const spec = pod.spec as PodSpec;
  const [first, ...others] = spec.containers;
  assert.ok(first);
  const changes: Partial<PodSpec>[] = [
    ...(
      [
        { image: 'x:1' },
        { command: ['x'] },
        { args: [...(first.args ?? []), '--x'] },
        { env: [...(first.env ?? []), { name: 'X', value: '1' }] },
        { resources: { limits: { memory: '3Gi' } } },
        { volumeMounts: [...(first.volumeMounts ?? []), { name: 'x', mountPath: '/x' }] },
        { securityContext: { ...first.securityContext, runAsUser: 7 } },
      ] satisfies Partial<typeof first>[]
    ).map((change) => ({ containers: [{ ...first, ...change }, ...others] })),
    { initContainers: [], containers: [...spec.containers, ...(spec.initContainers ?? [])] },
    { volumes: [...(spec.volumes ?? []), { name: 'x', emptyDir: {} }] },
    { affinity: { nodeAffinity: { x: 1 } } },
    { tolerations: [{ key: 'x' }] },
    { nodeSelector: { x: 'y' } },
    { terminationGracePeriodSeconds: 7 },
    { serviceAccountName: 'x' },
    { securityContext: { ...spec.securityContext, fsGroup: 7 } },
  ];
  for (const change of changes) {
    const wanted = withSpecHash({ ...pod, spec: { ...spec, ...change } });
    const why = whyReplaced(wanted, pod);
    assert.equal(why.length, 1, JSON.stringify([change, why]));
    assert.notDeepEqual(why, ['specification changed'], JSON.stringify(change));
  }
});
