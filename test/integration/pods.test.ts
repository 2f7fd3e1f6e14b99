/** Pods as the API server gives them back, and what it lets be evicted. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiPath } from '../../kube/api.ts';
import type { KubeApi } from '../../kube/api.ts';
import { KubeError } from '../../kube/errors.ts';
import { shardChildren } from '../../controller/shard/desired/index.ts';
import { whyReplaced } from '../../controller/shard/desired/pod-diff.ts';
import { isReady } from '../../controller/observe/pods.ts';
import type { KubeObject, Pod } from '../../schemas/k8s.ts';
import { KINDS } from '../../schemas/k8s.ts';
import { ANNOTATIONS } from '../../schemas/labels.ts';
import { poolBudgets, poolerIn, shardOf, type BudgetSpec } from '../support/budgets.ts';
import { connect, kubectl } from '../support/cluster.ts';
import { ALL } from '../support/desired-cases.ts';
import { CONTEXT } from '../support/desired.ts';
import { eventually, makeNamespace } from '../support/kube-api.ts';

let api: KubeApi;
let close: () => Promise<void>;
let ns = '';
let removeNamespace: () => Promise<void>;

before(async () => {
  ({ api, close } = connect());
  const namespace = await makeNamespace(api, 'pods');
  ns = namespace.name;
  removeNamespace = namespace.remove;
  const args = ['-n', ns, 'get', 'serviceaccount', 'default', '--ignore-not-found', '-o', 'name'];
  await eventually('the account of pods', () => kubectl(args) !== '');
  kubectl(['-n', ns, 'create', 'serviceaccount', 'backup']);
});

after(async () => {
  await removeNamespace();
  await close();
});

const here = <T extends KubeObject>(object: T): T => ({
  ...object,
  metadata: { ...object.metadata, namespace: ns },
});

test('no default of the API server is a reason to replace a pod', async () => {
  const path = `${apiPath(KINDS.Pod, ns)}?dryRun=All`;
  const pods = ALL.filter(({ kind }) => kind === 'Pod') as Pod[];
  assert.ok(pods.length > 5);
  for (const pod of pods.map(here)) {
    const observed = (await api.raw('POST', path, pod)) as Pod;
    assert.ok(observed.spec?.tolerations, 'it has defaults');
    assert.deepEqual(whyReplaced(pod, observed), []);
    const annotations = { ...observed.metadata.annotations, [ANNOTATIONS.specHash]: 'old' };
    const older: Pod = { ...observed, metadata: { ...observed.metadata, annotations } };
    assert.deepEqual(whyReplaced(pod, older), ['specification changed']);
    const containers = observed.spec.containers.map((one) => ({ ...one, image: 'old:1' }));
    assert.deepEqual(
      whyReplaced(pod, { ...older, spec: { ...observed.spec, containers } }),
      (pod.spec?.containers ?? []).map(({ name, image }) => `container ${name}: image old:1 -> ${image}`), // prettier-ignore
    );
  }
});

/** HTTP status of an eviction that is only tried. */
const evict = async (pod: string): Promise<number> => {
  const eviction = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name: pod, namespace: ns },
    deleteOptions: { dryRun: ['All'] },
  };
  try {
    await api.raw('POST', `${apiPath(KINDS.Pod, ns, pod)}/eviction`, eviction);
    return 201;
  } catch (error) {
    if (error instanceof KubeError) return error.status;
    throw error;
  }
};

test('a primary is not evicted before it was moved, and standbys one at a time', async () => {
  const shape = { cells: ['a', 'b', 'c'], replicasPerCell: 1 };
  const { pods } = shardChildren(shardOf(shape), {}, CONTEXT);
  for (const { pod } of pods) {
    const { name, labels } = pod.metadata;
    await api.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: ns, labels: labels ?? {} },
      spec: { containers: [{ name: 'postgres', image: 'none' }] },
    });
  }
  await eventually(
    'all pods ready',
    async () => {
      const { items } = await api.list(KINDS.Pod, { namespace: ns });
      return items.length === 3 && items.every((pod) => isReady(pod as Pod));
    },
    60_000,
  );
  const apply = async (primaries: string[]): Promise<void> => {
    for (const budget of poolBudgets(shape, { primaries }).map(here)) await api.apply(budget);
  };
  const becomes = (what: string, statuses: number[]): Promise<unknown> =>
    eventually(
      what,
      async () => {
        const found = await Promise.all(pods.map(({ name }) => evict(name)));
        return found.join() === statuses.join();
      },
      30_000,
    );
  await apply([]);
  await becomes('nobody leads: any one', [201, 201, 201]);
  await apply([poolerIn('a')]);
  await becomes('only standbys', [429, 201, 201]);
  await apply([poolerIn('a'), poolerIn('b')]);
  await becomes('neither the old primary nor the new one', [429, 429, 201]);
  await apply([poolerIn('b')]);
  await becomes('the old primary, not the new one', [201, 429, 201]);
  const [first] = pods;
  assert.ok(first);
  await api.delete({ kind: KINDS.Pod, namespace: ns, name: first.name });
  await becomes('nobody while one is gone', [404, 429, 429]);
  const [budget] = poolBudgets(shape).map(here);
  assert.ok(budget);
  const { matchLabels } = (budget.spec as BudgetSpec).selector;
  await api.create({
    ...budget,
    metadata: { name: 'over-all', namespace: ns },
    spec: { minAvailable: 0, selector: { matchLabels } },
  });
  await becomes('no pod under two budgets at all', [404, 500, 500]);
});
