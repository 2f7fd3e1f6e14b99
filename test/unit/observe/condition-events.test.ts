import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusEvents } from '../../../controller/apply/condition-events.ts';
import { condition } from '../../../controller/observe/conditions.ts';

const told = (
  kind: string,
  before: ReturnType<typeof condition> | undefined,
  now: ReturnType<typeof condition>,
): string[] =>
  statusEvents(kind, before && { conditions: [before] }, { conditions: [now] }).map(
    ({ type, reason, message }) => `${type} ${reason}: ${message}`,
  );

test('a turn is told once, a new text of the same state is not', () => {
  const missing = condition('SecretsReady', false, 'SecretMissing', 'Secret "pw" does not exist');
  assert.deepEqual(told('Shard', undefined, missing), [
    'Warning SecretMissing: Secret "pw" does not exist',
  ]);
  assert.deepEqual(told('Shard', missing, { ...missing, message: 'other' }), []);
  const there = condition('SecretsReady', true, 'SecretsFound', '');
  assert.deepEqual(told('Shard', missing, there), []);
});

test('backups that get old and become recent again', () => {
  const recent = condition('BackupHealthy', true, 'BackupRecent', 'new');
  const stale = condition('BackupHealthy', false, 'BackupStale', 'old');
  assert.deepEqual(told('Shard', recent, stale), ['Warning BackupStale: old']);
  assert.deepEqual(told('Shard', stale, recent), ['Normal BackupHealthy: new']);
});

test('a topology that comes up is no warning, one that is lost is', () => {
  const type = 'TopologyRegistered';
  const down = condition(type, false, 'TopologyUnavailable', 'no answer');
  const up = condition(type, true, 'Registered', '');
  assert.deepEqual(told('MultigresCluster', undefined, down), [
    'Normal TopologyWaiting: no answer',
  ]);
  assert.deepEqual(told('MultigresCluster', up, down), ['Warning TopoConnectFailed: no answer']);
  const wrong = condition(type, false, 'TopologyError', 'Secret "x" does not exist');
  assert.deepEqual(told('MultigresCluster', down, wrong), [
    'Warning TopologyError: Secret "x" does not exist',
  ]);
});

test('a cluster does not repeat what its shards have told', () => {
  const pending = condition('RolloutPending', true, 'PodsDrifted', 'pods');
  assert.deepEqual(told('MultigresCluster', undefined, pending), []);
  assert.deepEqual(told('Shard', undefined, pending), ['Normal RolloutPending: pods']);
});

test('settings that cannot be read', () => {
  const now = { postgresConfig: { error: 'ConfigMap x does not exist' } };
  assert.deepEqual(statusEvents('Shard', {}, now), [
    { type: 'Warning', reason: 'ConfigError', message: 'ConfigMap x does not exist' },
  ]);
  assert.deepEqual(statusEvents('Shard', now, now), []);
});

test('a rollout that does not come to its end', () => {
  const rolling = condition('RollingUpdate', true, 'InProgress', 'a');
  const stuck = condition('RollingUpdate', true, 'Stuck', 'a is not back');
  assert.deepEqual(told('Shard', undefined, rolling), []);
  assert.deepEqual(told('Shard', rolling, stuck), ['Warning RollingUpdateStuck: a is not back']);
});

test('another primary, whoever moved it', () => {
  const event = (message: string) => ({ type: 'Normal', reason: 'PrimaryChanged', message });
  assert.deepEqual(statusEvents('Shard', {}, { primary: 'a' }), [event('a')]);
  assert.deepEqual(statusEvents('Shard', { primary: 'a' }, { primary: 'b' }), [event('a -> b')]);
  assert.deepEqual(statusEvents('Shard', { primary: 'a' }, { primary: 'a' }), []);
  assert.deepEqual(statusEvents('Shard', { primary: 'a' }, {}), []);
});
