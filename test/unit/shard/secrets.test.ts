import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { neededSecrets, secretProblem } from '../../../controller/shard/gather/secrets.ts';
import type { ShardSpec } from '../../../schemas/types.ts';
import { stateOf } from '../../support/shard-world.ts';

const spec = (change: Partial<ShardSpec> = {}): ShardSpec => {
  const base = stateOf({ members: ['a'] }).shard.spec;
  assert.ok(base);
  return { ...base, ...change };
};
const [password] = neededSecrets(spec());
assert.ok(password);

describe('Secrets of a shard', () => {
  it('are the password and what the backup names', () => {
    const names = neededSecrets(
      spec({
        backup: {
          type: 's3',
          s3: { bucket: 'b', region: 'r', credentialsSecret: 'aws' },
          pgbackrestTLS: { secretName: 'tls' },
          encryption: { secretName: 'keys' },
        },
      }),
    ).map(({ secret }) => secret);
    assert.deepEqual(names, ['pw', 'tls', 'keys', 'aws']);
  });

  it('that do not exist are named with what to put into them', () => {
    assert.equal(
      secretProblem(password, 'ns', undefined),
      'Secret "pw" does not exist in namespace ns: create it with "password", the password of the superuser (spec.postgresPasswordSecretRef)',
    );
  });

  it('need their keys, and values in them', () => {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'pw' } };
    const empty = { ...secret, data: { password: '' } };
    assert.match(secretProblem(password, 'ns', empty) ?? '', /has no "password": add it/);
    const full = { ...secret, data: { password: 'eA==' } };
    assert.equal(secretProblem(password, 'ns', full), undefined);
  });
});
