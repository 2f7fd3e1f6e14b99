/** Every status that the controller may write reaches the API server as it is, whatever was there before. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { KubeApi } from '../../kube/api.ts';
import { createApplier } from '../../kube/apply.ts';
import { systemClock } from '../../kube/clock.ts';
import { createLog } from '../../kube/log.ts';
import { StatusRefused, writeStatus } from '../../controller/apply/status.ts';
import type { Deps } from '../../controller/deps.ts';
import { condition } from '../../controller/observe/conditions.ts';
import { createStores } from '../../controller/watched.ts';
import { API_KINDS } from '../../schemas/kinds/index.ts';
import type { KindName, KubeObject } from '../../schemas/k8s.ts';
import { KINDS } from '../../schemas/k8s.ts';
import type { Cell, CellStatus } from '../../schemas/types.ts';
import { connect, installCrds } from '../support/cluster.ts';
import { fullStatus, removals } from '../support/full-status.ts';
import { makeNamespace } from '../support/kube-api.ts';

/** When a condition turned is the applier's business. */
const withoutTimes = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (key, part: unknown) =>
    key === 'lastTransitionTime' ? '' : part,
  );

let api: KubeApi;
let close: () => Promise<void>;
let ns = '';
let removeNamespace: () => Promise<void>;

before(async () => {
  ({ api, close } = connect());
  installCrds();
  const namespace = await makeNamespace(api, 'status');
  ns = namespace.name;
  removeNamespace = namespace.remove;
});

after(async () => {
  await removeNamespace();
  await close();
});

describe('a status is stored as it is wanted', () => {
  for (const one of API_KINDS) {
    const { status } = one;
    if (!status) continue;
    it(`${one.kind}: every field of it, taken away alone and given back`, async () => {
      const kind = KINDS[one.kind as KindName];
      const applier = createApplier(api, systemClock);
      const full = fullStatus(one);
      let object: KubeObject = await api.create({
        apiVersion: 'multigres.com/v1alpha1',
        kind: one.kind,
        metadata: { name: 'all', namespace: ns },
      });
      const read = async (): Promise<KubeObject> => {
        const stored = await api.get({ kind, namespace: ns, name: 'all' });
        assert.ok(stored);
        return stored;
      };
      // As an earlier version of the controller left it: every field owned by a server-side apply.
      const { apiVersion, kind: kindName } = object;
      await api.apply(
        { apiVersion, kind: kindName, metadata: { name: 'all', namespace: ns }, status: full },
        { subresource: 'status' },
      );
      object = await read();
      const wrong: string[] = [];
      for (const { what, value } of removals(status, full)) {
        await applier.applyStatus(object, full, object);
        object = await read();
        await applier.applyStatus(object, value, object).catch((error: Error) => {
          wrong.push(`${what}: ${error.message}`);
        });
        object = await read();
        if (!isDeepStrictEqual(withoutTimes(object.status), withoutTimes(value))) {
          wrong.push(`${what}: stored is ${JSON.stringify(object.status)}`);
        }
      }
      assert.deepEqual(wrong, []);
    });
  }
});

describe('a status that the API server refuses', () => {
  it('leaves a note that what is stored is old, and is an error to be retried', async () => {
    const kind = KINDS.Cell;
    const name = 'refused';
    const stores = createStores(() => systemClock.now());
    const told: string[] = [];
    const deps = {
      listers: stores,
      applier: createApplier(api, systemClock),
      log: createLog('error'),
      events: { event: (_o: unknown, _t: unknown, reason: string) => told.push(reason) },
    } as unknown as Deps;
    const write = async (status: object): Promise<void> => {
      const object = await api.get({ kind, namespace: ns, name });
      assert.ok(object);
      stores.Cell.observe(object);
      await writeStatus(deps, object, status);
    };
    await api.create({
      apiVersion: 'multigres.com/v1alpha1',
      kind: 'Cell',
      metadata: { name, namespace: ns },
    });
    const good: CellStatus = {
      phase: 'Healthy',
      gatewayReplicas: 1,
      gatewayReadyReplicas: 1,
      conditions: [condition('Available', true, 'MultigatewayAvailable', 'one of one')],
    };
    const shown = async () => {
      const { status } = (await api.get({ kind, namespace: ns, name })) as Cell;
      const available = status?.conditions?.find(({ type }) => type === 'Available');
      return [status?.phase, status?.gatewayReplicas, available?.status, available?.reason];
    };
    await write(good);
    assert.deepEqual(await shown(), ['Healthy', 1, 'True', 'MultigatewayAvailable']);
    const bad = { ...good, gatewayReplicas: 'two' };
    for (let i = 0; i < 2; i++) {
      await assert.rejects(write(bad), StatusRefused);
      assert.deepEqual(await shown(), ['Unknown', 1, 'Unknown', 'StatusRefused']);
    }
    await write({ ...good, gatewayReplicas: 2 });
    assert.deepEqual(await shown(), ['Healthy', 2, 'True', 'MultigatewayAvailable']);
    assert.deepEqual(told, ['PhaseChange']);
  });
});

describe('the spec of a child', () => {
  it('may lose the last entry of a map', async () => {
    const applier = createApplier(api, systemClock);
    const resources = (value: object): KubeObject => ({
      apiVersion: 'multigres.com/v1alpha1',
      kind: 'TopoServer',
      metadata: { name: 'emptied', namespace: ns },
      spec: { etcd: { replicas: 1, resources: value } },
    });
    let observed: KubeObject | undefined;
    for (const value of [
      { limits: { cpu: '1' }, requests: { cpu: '1' } },
      { limits: {}, requests: { cpu: '1' } },
      { limits: { cpu: '1' } },
      {},
      { requests: { cpu: '2' } },
    ]) {
      ({ object: observed } = await applier.apply(resources(value), observed));
      const { etcd } = observed.spec as { etcd: { resources: unknown } };
      assert.deepEqual(etcd.resources, value);
    }
  });
});
