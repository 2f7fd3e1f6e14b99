/** A cluster that is paused: nothing is written but statuses, which go on telling what is pending. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { KubeApi } from '../../kube/api.ts';
import type { Condition, KindName, KubeObject } from '../../schemas/k8s.ts';
import { KINDS } from '../../schemas/k8s.ts';
import { connect, installCrds } from '../support/cluster.ts';
import type { RunningController } from '../support/controller.ts';
import { startController } from '../support/controller.ts';
import { eventually, makeNamespace } from '../support/kube-api.ts';

const CLUSTER = 'still';
const PAUSED = 'multigres.com/paused';
const KEPT: KindName[] = [
  'Cell',
  'TableGroup',
  'TopoServer',
  'Deployment',
  'StatefulSet',
  'Service',
];

let api: KubeApi;
let close: () => Promise<void>;
let controller: RunningController;
let ns = '';
let removeNamespace: () => Promise<void>;

before(async () => {
  ({ api, close } = connect());
  installCrds();
  const namespace = await makeNamespace(api, 'paused');
  ns = namespace.name;
  removeNamespace = namespace.remove;
  controller = startController([ns], { http: 29_889 });
});

after(async () => {
  await controller.stop();
  await removeNamespace();
  await close();
});

const ref = () => ({ kind: KINDS.MultigresCluster, namespace: ns, name: CLUSTER });
const list = async (kind: KindName) =>
  (
    await api.list(KINDS[kind], {
      namespace: ns,
      labelSelector: `multigres.com/cluster=${CLUSTER}`,
    })
  ).items;
const paused = (object: KubeObject | undefined): Condition | undefined => {
  const { conditions = [] } = (object?.status ?? {}) as { conditions?: Condition[] };
  return conditions.find(({ type }) => type === 'Paused');
};
const pendingOf = async (kind: KindName, name: string): Promise<string> =>
  paused(await api.get({ kind: KINDS[kind], namespace: ns, name }))?.message ?? '';
const only = async (kind: KindName): Promise<KubeObject> => {
  const [object] = await list(kind);
  assert.ok(object, `no ${kind}`);
  return object;
};
/** What was made, by whom it is wanted: specs, labels and annotations, without statuses. */
const made = async () =>
  (await Promise.all(KEPT.map(list))).flat().map(({ kind, metadata, spec }) => ({
    kind,
    spec,
    name: metadata.name,
    uid: metadata.uid,
    generation: metadata.generation,
    annotations: metadata.annotations?.['multigres.com/project-ref'],
  }));

describe('a cluster', { concurrency: false }, () => {
  it('stops when it is paused, and tells what is pending', async () => {
    await api.create({
      apiVersion: 'multigres.com/v1alpha1',
      kind: 'MultigresCluster',
      metadata: { name: CLUSTER, namespace: ns },
      spec: {
        globalTopoServer: { etcd: { replicas: 1 } },
        postgresPasswordSecretRef: { name: 'password', key: 'password' },
        cells: [{ name: 'zone-a', zoneId: 'zone-a' }],
      },
    });
    await eventually('its parts', async () => (await list('Deployment')).length >= 4, 90_000);
    await api.mergePatch(ref(), { metadata: { annotations: { [PAUSED]: 'true' } } });
    for (const kind of ['MultigresCluster', 'Cell', 'TableGroup', 'TopoServer'] as const) {
      await eventually(`${kind} says that it is paused`, async () => {
        const name = kind === 'MultigresCluster' ? CLUSTER : (await only(kind)).metadata.name;
        return (await pendingOf(kind, name)).endsWith('; nothing is pending');
      });
    }
    const before = await made();
    await api.mergePatch(ref(), { spec: { logLevels: { multigateway: 'debug' } } });
    const cell = (await only('Cell')).metadata.name;
    await eventually('the cluster names the cell', async () =>
      (await pendingOf('MultigresCluster', CLUSTER)).includes(`apply Cell ${cell}`),
    );
    assert.deepEqual(await made(), before);
  });

  it('does not bring back what is deleted by hand', async () => {
    const name = `${CLUSTER}-multiadmin`;
    const service = { kind: KINDS.Service, namespace: ns, name };
    await api.delete(service);
    await eventually('the cluster names the Service', async () =>
      (await pendingOf('MultigresCluster', CLUSTER)).includes(`apply Service ${name}`),
    );
    assert.equal(await api.get(service), undefined);
  });

  it('goes on when it is not paused any more', async () => {
    await api.mergePatch(ref(), { metadata: { annotations: { [PAUSED]: null } } });
    const service = { kind: KINDS.Service, namespace: ns, name: `${CLUSTER}-multiadmin` };
    await eventually('the Service is back', async () => (await api.get(service)) !== undefined);
    await eventually('the cell has its log level', async () => {
      const { spec } = (await only('Cell')) as { spec?: { logLevels?: { multigateway?: string } } };
      return spec?.logLevels?.multigateway === 'debug';
    });
    await eventually('nothing is paused', async () => {
      const all = await Promise.all(
        (['MultigresCluster', 'Cell', 'TableGroup', 'TopoServer'] as const).map((kind) =>
          kind === 'MultigresCluster' ? api.get(ref()) : only(kind),
        ),
      );
      return all.every((object) => paused(object) === undefined);
    });
  });
});
