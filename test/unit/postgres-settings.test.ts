import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { renderPostgresSettings } from '../../hack/generate/postgres-settings.ts';
import { POSTGRES_VERSION } from '../../schemas/generated/postgres-settings.ts';
import { isEnumValue, OWNED_SETTINGS, POSTGRES_SETTINGS } from '../../schemas/postgres-settings.ts';

const file = new URL('../../schemas/generated/postgres-settings.ts', import.meta.url);
const rows = [...POSTGRES_SETTINGS.values()];

test('the catalogue is what the generator makes of it', () => {
  const shuffled = rows.toReversed();
  assert.equal(
    renderPostgresSettings(`${POSTGRES_VERSION} (Debian)`, shuffled),
    readFileSync(file, 'utf8'),
  );
});

test('the generator refuses what it does not know', () => {
  const row = { name: 'x', type: 'bool', context: 'user' };
  assert.throws(() => renderPostgresSettings('', [row]), /version is ""/);
  assert.throws(
    () => renderPostgresSettings('18.1', [{ ...row, type: 'json' }]),
    /x is of type json/,
  );
  assert.throws(
    () => renderPostgresSettings('18.1', [{ ...row, context: 'none' }]),
    /context none/,
  );
  assert.throws(
    () => renderPostgresSettings('18.1', [{ ...row, type: 'enum', values: [] }]),
    /x is an enum without values/,
  );
});

test('enums take what they list, in any case, and what Postgres takes besides', () => {
  const takes = (name: string, value: string): boolean => {
    const setting = POSTGRES_SETTINGS.get(name);
    assert.ok(setting, name);
    return isEnumValue(setting, value);
  };
  const table: [string, string, boolean][] = [
    ['wal_compression', 'LZ4', true],
    ['wal_compression', 'true', true],
    ['wal_compression', 'lzip', false],
    ['synchronous_commit', 'remote_apply', true],
    ['synchronous_commit', "'off'", false],
    ['log_min_messages', 'debug', true],
    ['log_min_messages', 'true', false],
    ['log_statement', 'on', false],
    ['default_transaction_isolation', 'repeatable read', true],
    ['ssl_max_protocol_version', '', true],
    ['ssl_min_protocol_version', '', false],
  ];
  for (const [name, value, expected] of table) {
    assert.equal(takes(name, value), expected, `${name} = ${value}`);
  }
});

test('what the operator owns is in the catalogue', () => {
  assert.deepEqual(
    OWNED_SETTINGS.filter((name) => !POSTGRES_SETTINGS.has(name)),
    [],
  );
});
