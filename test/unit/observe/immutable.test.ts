import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KubeError } from '../../../kube/errors.ts';
import { keepImmutable } from '../../../controller/apply/immutable.ts';
import { refusedCondition } from '../../../controller/apply/status.ts';
import type { KubeObject } from '../../../schemas/k8s.ts';

const template = (labels: Record<string, string>) => ({ metadata: { labels } });
const claim = (storage: string, labels?: Record<string, string>) => ({
  metadata: { name: 'data', ...(labels && { labels }) },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
});
const object = (kind: string, spec: object): KubeObject => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: 'x', namespace: 'ns' },
  spec,
});
const labels = { component: 'gateway', cell: 'a', cluster: 'c' };
const wanted = object('Deployment', {
  replicas: 2,
  selector: { matchLabels: labels },
  template: template(labels),
});

describe('fields that cannot change', () => {
  it('are as wanted for an object that does not exist, or is the same', () => {
    assert.equal(keepImmutable(wanted, undefined), wanted);
    assert.deepEqual(keepImmutable(wanted, wanted), wanted);
  });

  it('stay where another operator chose a narrower selector of the same pods', () => {
    const selector = { matchLabels: { component: 'gateway', cell: 'a' } };
    const result = keepImmutable(wanted, object('Deployment', { selector }));
    assert.deepEqual((result.spec as { selector: object }).selector, selector);
    assert.equal((result.spec as { replicas: number }).replicas, 2);
  });

  it('stop everything, with words, where the selector is of other pods', () => {
    const selector = { matchLabels: { app: 'other' } };
    assert.throws(
      () => keepImmutable(wanted, object('Deployment', { selector })),
      (error: unknown) =>
        error instanceof KubeError &&
        error.class === 'denied' &&
        error.reason === 'SelectorImmutable' &&
        error.message.includes('delete Deployment x, and it is made anew'),
    );
  });

  it('of a StatefulSet are its claims and its Service too', () => {
    const set = object('StatefulSet', {
      selector: { matchLabels: labels },
      template: template(labels),
      serviceName: 'x-headless',
      podManagementPolicy: 'Parallel',
      volumeClaimTemplates: [claim('20Gi', labels)],
    });
    const observed = {
      selector: { matchLabels: { component: 'gateway' } },
      serviceName: 'old',
      podManagementPolicy: 'OrderedReady',
      volumeClaimTemplates: [{ ...claim('10Gi'), status: { phase: 'Pending' } }],
    };
    const { template: _, ...kept } = keepImmutable(set, object('StatefulSet', observed))
      .spec as Record<string, unknown>;
    assert.deepEqual(kept, observed);
  });

  it('that only the API server completed are ours', () => {
    const templates = [claim('10Gi', labels)];
    const set = object('StatefulSet', { volumeClaimTemplates: templates });
    const completed = templates.map((entry) => ({
      ...entry,
      spec: { ...entry.spec, volumeMode: 'Filesystem' },
      status: { phase: 'Pending' },
    }));
    const observed = object('StatefulSet', { volumeClaimTemplates: completed });
    assert.deepEqual(keepImmutable(set, observed).spec, set.spec);
  });
});

describe('writes that were refused', () => {
  const failure = (kind: 'invalid' | 'busy', reason: string) => ({
    child: wanted,
    error: new KubeError('no', { class: kind, status: 422, reason }),
  });

  it('are a condition with the reason of the API server', () => {
    const [condition] = refusedCondition([failure('busy', 'x'), failure('invalid', 'Invalid')], 3);
    assert.equal(condition?.type, 'ChildrenRefused');
    assert.equal(condition?.status, 'True');
    assert.equal(condition?.reason, 'Invalid');
    assert.equal(condition?.message, 'Deployment x: no');
  });

  it('are none when they pass by themselves', () => {
    assert.deepEqual(refusedCondition([failure('busy', 'Timeout')], 3), []);
    assert.deepEqual(refusedCondition([], 3), []);
  });
});
