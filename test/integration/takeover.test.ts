/** Workloads that another operator made, with selectors of its own, on a real API server. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cellChildren } from '../../controller/cell/desired.ts';
import type { KubeApi } from '../../kube/api.ts';
import { isKubeError } from '../../kube/errors.ts';
import { keepImmutable } from '../../controller/apply/immutable.ts';
import { topoServerChildren } from '../../controller/toposerver/desired.ts';
import type { KubeObject } from '../../schemas/k8s.ts';
import type { Cell, TopoServer } from '../../schemas/types.ts';
import { CONTEXT } from '../support/desired.ts';
import { countingTransport, makeNamespace, testClient } from '../support/kube-api.ts';

const transport = countingTransport();
const api: KubeApi = testClient(transport);
let namespace: string;
let remove: () => Promise<void>;

before(async () => {
  ({ name: namespace, remove } = await makeNamespace(api, 'takeover'));
});
after(async () => {
  await remove();
  await transport.close();
});

const metadata = (name: string) => ({
  name,
  namespace,
  labels: { 'multigres.com/cluster': 'shop' },
});

/** The object as the other operator has it: without the labels that are ours in selector and claims. */
const foreign = (object: KubeObject, ours: string): KubeObject => {
  const copy = JSON.parse(JSON.stringify(object)) as KubeObject & {
    spec: {
      selector: { matchLabels: Record<string, string> };
      volumeClaimTemplates?: { metadata: { labels?: object } }[];
    };
  };
  delete copy.spec.selector.matchLabels[ours];
  for (const template of copy.spec.volumeClaimTemplates ?? []) delete template.metadata.labels;
  return copy;
};

const takeOver = async (wanted: KubeObject, ours: string): Promise<void> => {
  const observed = await api.create(foreign(wanted, ours));
  const refused = await api.apply(wanted).catch((error: unknown) => error);
  assert.ok(isKubeError(refused, 'invalid'), 'the API server refuses another selector');
  const taken = await api.apply(keepImmutable(wanted, observed));
  assert.equal(taken.metadata.uid, observed.metadata.uid);
  // Once more is no change: what is kept is what is there. (The status is others' to write meanwhile.)
  const again = await api.apply(keepImmutable(wanted, taken));
  assert.equal(again.metadata.generation, taken.metadata.generation);
  assert.deepEqual(again.spec, taken.spec);
};

const find = (objects: KubeObject[], kind: string): KubeObject => {
  const found = objects.find((object) => object.kind === kind);
  assert.ok(found);
  return found;
};

const ref = { address: 'e:2379', rootPath: '/r', implementation: 'etcd' };

test('a gateway goes on under its selector', async () => {
  const cell: Cell = {
    apiVersion: 'multigres.com/v1alpha1',
    kind: 'Cell',
    metadata: metadata('shop-a'),
    spec: {
      name: 'a',
      images: { multigateway: 'multigres:test' },
      multigateway: { replicas: 1 },
      globalTopoServer: ref,
    },
  };
  await takeOver(find(cellChildren(cell, CONTEXT), 'Deployment'), 'multigres.com/cluster');
});

test('an etcd goes on under its selector and with its claims', async () => {
  const topo: TopoServer = {
    apiVersion: 'multigres.com/v1alpha1',
    kind: 'TopoServer',
    metadata: metadata('shop-global-topo'),
    spec: { etcd: { replicas: 3, storage: { size: '1Gi' } } },
  };
  const set = find(topoServerChildren(topo, CONTEXT), 'StatefulSet');
  await takeOver(set, 'multigres.com/toposerver');
});

test('a larger volume does not keep an etcd from all other changes', async () => {
  const etcd = (size: string): KubeObject => {
    const topo: TopoServer = {
      apiVersion: 'multigres.com/v1alpha1',
      kind: 'TopoServer',
      metadata: metadata('grown'),
      spec: { etcd: { replicas: 1, storage: { size } } },
    };
    return find(topoServerChildren(topo, CONTEXT), 'StatefulSet');
  };
  const observed = await api.apply(etcd('1Gi'));
  const taken = await api.apply(keepImmutable(etcd('2Gi'), observed));
  assert.notEqual(taken.metadata.resourceVersion, observed.metadata.resourceVersion);
});
