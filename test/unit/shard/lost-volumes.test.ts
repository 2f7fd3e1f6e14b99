/** A local volume whose machine is gone: where it could be used, when it may be given up, and the last look. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Deps } from '../../../controller/deps.ts';
import { mayAbandonClaim } from '../../../controller/guards/may-delete-claim.ts';
import { hostsOf } from '../../../controller/observe/volume.ts';
import type { Execution } from '../../../controller/shard/execute/context.ts';
import { executePlan } from '../../../controller/shard/execute/index.ts';
import { emptyCache } from '../../../controller/shard/gather/cache.ts';
import { merged } from '../../../controller/shard/plan/planner.ts';
import type { KubeObject, ObjectRef } from '../../../schemas/k8s.ts';
import { LABELS, MANAGED_BY } from '../../../schemas/labels.ts';
import { stateOf } from '../../support/shard-world.ts';

const HOSTNAME = 'kubernetes.io/hostname';
const onHost = (...values: string[]) => ({
  matchExpressions: [{ key: HOSTNAME, operator: 'In', values }],
});
const volume = (...nodeSelectorTerms: object[]): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'pv-1' },
  spec: { nodeAffinity: { required: { nodeSelectorTerms } } },
});
const node = (name: string, hostname?: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, ...(hostname ? { labels: { [HOSTNAME]: hostname } } : {}) },
});
const claim: KubeObject = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data-c', uid: 'uid-data-c', labels: { [LABELS.managedBy]: MANAGED_BY } },
  spec: { volumeName: 'pv-1' },
};

describe('the hosts of a volume', () => {
  const zone = {
    matchExpressions: [{ key: 'topology.kubernetes.io/zone', operator: 'In', values: ['zone-a'] }],
  };
  const byName = { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node-a'] }] };
  const not = { matchExpressions: [{ key: HOSTNAME, operator: 'NotIn', values: ['node-a'] }] };
  const cases: [string, KubeObject, string[] | undefined][] = [
    ['by its hostname', volume(onHost('node-a')), ['node-a']],
    ['by its name', volume(byName), ['node-a']],
    ['one of several', volume(onHost('node-a'), onHost('node-b')), ['node-a', 'node-b']],
    ['any of a zone', volume(zone), undefined],
    ['one host, or any of a zone', volume(onHost('node-a'), zone), undefined],
    ['any but one', volume(not), undefined],
    ['any', { ...volume(), spec: {} }, undefined],
  ];
  for (const [what, object, hosts] of cases) {
    it(`are read: ${what}`, () => assert.deepEqual(hostsOf(object), hosts));
  }
});

describe('giving up a volume', () => {
  const request: Parameters<typeof mayAbandonClaim>[0] = {
    claim,
    hosts: ['old'],
    nodes: [node('new')],
    node: undefined,
    leads: true,
  };

  it('is allowed when its machine is gone and another member has all of it', () => {
    assert.deepEqual(mayAbandonClaim(request), {
      ok: true,
      reason: 'node old, which held it, no longer exists',
    });
  });

  const refusals: [string, Partial<typeof request>, RegExp][] = [
    ['of somebody else', { claim: { ...claim, metadata: { name: 'data-c' } } }, /is not ours/],
    ['whose node exists', { nodes: [node('old')] }, /node old .* exists/],
    ['whose node has another name', { nodes: [node('n1', 'old')] }, /node old .* exists/],
    ['whose pod has a node', { node: 'new' }, /is on node new/],
    ['that may be the only copy', { leads: false }, /may be the only copy/],
  ];
  for (const [what, change, reason] of refusals) {
    it(`is refused for one ${what}`, () => {
      const decision = mayAbandonClaim({ ...request, ...change });
      assert.ok(!decision.ok);
      assert.match(decision.refusal, reason);
    });
  }

  it('is refused for one that is not tied to a node', () => {
    const decision = mayAbandonClaim({ ...request, hosts: undefined });
    assert.ok(!decision.ok);
    assert.match(decision.refusal, /is not tied to a node/);
  });
});

describe('the last look before a volume is given up', () => {
  const carryOut = async (live: Record<string, KubeObject>, nodes: KubeObject[]) => {
    const deleted: string[] = [];
    const deps = {
      kube: {
        get: async ({ kind, name }: ObjectRef) => live[`${kind.kind}/${name}`],
        list: async () => ({ items: nodes, resourceVersion: '' }),
        delete: async ({ kind, name }: ObjectRef) => void deleted.push(`${kind.kind}/${name}`),
      },
      log: { info: () => {} },
    } as unknown as Deps;
    const state = stateOf({ healthy: ['a', 'b', 'c'] });
    const execution = { deps, state, cache: emptyCache(), material: {} } as Execution;
    const ref = { claim: 'data-c', uid: 'uid-data-c', because: 'lost' } as const;
    const actions = [{ kind: 'delete-claim', ...ref, reason: '' } as const];
    assert.deepEqual(await executePlan(execution, merged([{ actions }])), []);
    return deleted;
  };
  const pod = (spec: object): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'c', uid: 'uid-c' },
    spec,
  });
  const live = {
    'PersistentVolumeClaim/data-c': claim,
    'PersistentVolume/pv-1': volume(onHost('old')),
    'Pod/c': pod({}),
  };

  it('takes the pod that waits for it and then the claim', async () => {
    assert.deepEqual(await carryOut(live, [node('new')]), [
      'Pod/c',
      'PersistentVolumeClaim/data-c',
    ]);
  });

  it('takes neither when the node has come back, the pod has a node, or the volume is unknown', async () => {
    assert.deepEqual(await carryOut(live, [node('old')]), []);
    assert.deepEqual(await carryOut({ ...live, 'Pod/c': pod({ nodeName: 'new' }) }, []), []);
    const { 'PersistentVolume/pv-1': _, ...rest } = live;
    assert.deepEqual(await carryOut(rest, []), []);
  });
});
