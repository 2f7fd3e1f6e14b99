/** What the API server refuses of pods that others make for us reaches our statuses with its reason. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { KubeApi } from '../../kube/api.ts';
import type { Condition, KindName } from '../../schemas/k8s.ts';
import { KINDS } from '../../schemas/k8s.ts';
import { connect, installCrds, kubectl } from '../support/cluster.ts';
import type { RunningController } from '../support/controller.ts';
import { startController } from '../support/controller.ts';
import { eventually, makeNamespace } from '../support/kube-api.ts';

let api: KubeApi;
let close: () => Promise<void>;
let controller: RunningController;
let ns = '';
let removeNamespace: () => Promise<void>;

before(async () => {
  ({ api, close } = connect());
  installCrds();
  const namespace = await makeNamespace(api, 'refused');
  ns = namespace.name;
  removeNamespace = namespace.remove;
  kubectl(['-n', ns, 'create', 'quota', 'none', '--hard=pods=0']);
  controller = startController([ns], { http: 29_887 });
});

after(async () => {
  await controller.stop();
  await removeNamespace();
  await close();
});

const refusalOf = async (kind: KindName): Promise<Condition | undefined> => {
  const [object] = (await api.list(KINDS[kind], { namespace: ns })).items;
  const { conditions = [] } = (object?.status ?? {}) as { conditions?: Condition[] };
  return conditions.find(({ type }) => type === 'ChildrenRefused');
};

describe('a quota that takes no pods', () => {
  it('is named by the cell, the etcd and the cluster', { timeout: 180_000 }, async () => {
    await api.create({
      apiVersion: 'multigres.com/v1alpha1',
      kind: 'MultigresCluster',
      metadata: { name: 'full', namespace: ns },
      spec: {
        globalTopoServer: { etcd: { replicas: 1 } },
        postgresPasswordSecretRef: { name: 'password', key: 'password' },
        cells: [{ name: 'zone-a', zoneId: 'zone-a' }],
      },
    });
    for (const [kind, who] of [
      ['TopoServer', 'StatefulSet full-global-topo'],
      // its gateways are held back until the topology is there, for 30 s at most
      ['Cell', 'Deployment full-zone-a-multigateway'],
      ['MultigresCluster', 'Deployment full-multiadmin'],
    ] as const) {
      const { message } = await eventually(
        `${kind} tells`,
        async () => {
          const found = await refusalOf(kind);
          return found?.message.includes(who) ? found : undefined;
        },
        90_000,
      );
      assert.match(message, /its pods are refused: .*exceeded quota: none/);
    }
  });

  it('is no longer named when it is gone', async () => {
    kubectl(['-n', ns, 'delete', 'quota', 'none']);
    for (const kind of ['TopoServer', 'Cell', 'MultigresCluster'] as const) {
      await eventually(
        `${kind} tells no more`,
        async () => (await refusalOf(kind)) === undefined,
        120_000,
      );
    }
  });
});
