import assert from 'node:assert/strict';
import { it } from 'node:test';
import { KINDS } from '../../../schemas/k8s.ts';
import { World } from '../../support/sim/harness.ts';

it('tells that the pods of an orchestrator are refused, in the words of the API server', async () => {
  const world = await new World({ cells: ['zone-a'], replicasPerCell: 3 }).beginHealthy();
  const message = 'pods "orch" is forbidden: exceeded quota';
  const [deployment] = world.server.list(KINDS.Deployment);
  assert.ok(deployment);
  const { name, namespace = '' } = deployment.metadata;
  const conditions = [{ type: 'ReplicaFailure', status: 'True', message }];
  world.server.update({ kind: KINDS.Deployment, namespace, name }, (object) => ({
    ...object,
    status: Object.assign({}, object.status, { conditions }),
  }));
  await world.until('it is told', () => {
    const told = world.shard.condition('ChildrenRefused');
    return told?.reason === 'FailedCreate' && told.message.includes(message);
  });
});
