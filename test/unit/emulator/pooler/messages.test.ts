import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shellWords, serverSettings } from '../../../../emulator/pgctld/config.ts';
import { repositoryLines } from '../../../../emulator/pooler/backrest.ts';
import { backupMessage } from '../../../../emulator/pooler/backups.ts';
import { compareRuleNumbers } from '../../../../emulator/pooler/messages.ts';
import { connInfoMessage } from '../../../../emulator/pooler/status.ts';
import { statusDetails } from '../../../../emulator/rpc-status.ts';

test('errors carry the detail bytes that were recorded from the runtime', () => {
  const text =
    'operation not allowed: the PostgreSQL instance is in standby mode (service_id: component:MULTIPOOLER  cell:"zone-b"  name:"p-zone-b")';
  const recorded =
    'CAkShQFvcGVyYXRpb24gbm90IGFsbG93ZWQ6IHRoZSBQb3N0Z3JlU1FMIGluc3RhbmNlIGlzIGluIHN0YW5kYnkgbW9kZSAoc2VydmljZV9pZDogY29tcG9uZW50Ok1VTFRJUE9PTEVSICBjZWxsOiJ6b25lLWIiICBuYW1lOiJwLXpvbmUtYiIpGrEBCiJ0eXBlLmdvb2dsZWFwaXMuY29tL210cnBjLlJQQ0Vycm9yEooBCoUBb3BlcmF0aW9uIG5vdCBhbGxvd2VkOiB0aGUgUG9zdGdyZVNRTCBpbnN0YW5jZSBpcyBpbiBzdGFuZGJ5IG1vZGUgKHNlcnZpY2VfaWQ6IGNvbXBvbmVudDpNVUxUSVBPT0xFUiAgY2VsbDoiem9uZS1iIiAgbmFtZToicC16b25lLWIiKRAJ';
  assert.equal(statusDetails(9, text).toString('base64'), recorded);
});

test('primary_conninfo as recorded', () => {
  const raw =
    'host=pool-zone-a port=5432 user=postgres application_name=zone-b_p-zone-b dbname=postgres passfile=/var/lib/pooler/pgbackrest/pgbackrest.pgpass';
  assert.deepEqual(connInfoMessage(raw), {
    raw,
    host: 'pool-zone-a',
    port: 5432,
    user: 'postgres',
    application_name: 'zone-b_p-zone-b',
    dbname: 'postgres',
    passfile: '/var/lib/pooler/pgbackrest/pgbackrest.pgpass',
  });
  assert.equal(connInfoMessage(''), undefined);
});

test('rules order by term, then subterm; absent is 0', () => {
  assert.ok(
    compareRuleNumbers({ coordinator_term: '10' }, { coordinator_term: '9', leader_subterm: '2' }) >
      0,
  );
  assert.ok(
    compareRuleNumbers({ coordinator_term: '1' }, { coordinator_term: '1', leader_subterm: '1' }) <
      0,
  );
  assert.equal(compareRuleNumbers(undefined, {}), 0);
});

test('a backup in the list', () => {
  const message = backupMessage({
    label: '20261122-103028F',
    type: 'full',
    error: false,
    lsn: { start: '0/2000028', stop: '0/3000050' },
    info: { size: 57167187 },
    timestamp: { start: 1795343428, stop: 1795343433 },
    annotation: { job_id: 'j', multipooler_id: 'p-zone-b', table_group: 'default', shard: '0-inf' },
  });
  assert.equal(message['backup_id'], '20261122-103028F');
  assert.equal(message['status'], 'BACKUP_COMPLETE');
  assert.equal(message['backup_size_bytes'], '57167187');
  assert.equal(message['routing_role'], 'ROUTING_ROLE_REPLICA');
});

test('repositories: a path, S3 with a custom endpoint, encryption', () => {
  assert.deepEqual(repositoryLines({ filesystem: { path: '/backups' } }, {}, undefined), [
    'repo1-path=/backups',
  ]);
  const s3 = {
    bucket: 'b',
    region: 'r',
    endpoint: 'https://minio:9000',
    key_prefix: 'x/',
    use_env_credentials: true,
  };
  const lines = repositoryLines({ s3 }, { AWS_ACCESS_KEY_ID: 'k' }, 'secret');
  for (const line of [
    'repo1-path=/x/multigres',
    'repo1-s3-endpoint=minio:9000',
    'repo1-storage-verify-tls=n',
    'repo1-s3-key=k',
    'repo1-cipher-pass=secret',
  ]) {
    assert.ok(lines.includes(line), line);
  }
  assert.throws(
    () =>
      repositoryLines(
        { filesystem: { path: '/b' }, require_initial_repo_encryption: true },
        {},
        undefined,
      ),
    /encryption/,
  );
  assert.throws(() => repositoryLines({}, {}, undefined), /no backup location/);
});

test('initdb arguments are split like a shell does', () => {
  assert.deepEqual(shellWords(`--a=b  --locale='en US' "--x=\\"y" z\\ w`), [
    '--a=b',
    '--locale=en US',
    '--x="y',
    'z w',
  ]);
  assert.deepEqual(shellWords(''), []);
});

test('the extra configuration is included last', () => {
  assert.match(
    serverSettings("it's", '/etc/x.conf'),
    /archive_command = 'it''s'[\s\S]*include_if_exists = '\/etc\/x.conf'\n$/,
  );
});
