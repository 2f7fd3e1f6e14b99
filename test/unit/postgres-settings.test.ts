import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { renderPostgresSettings } from '../../hack/generate/postgres-settings.ts';
import { POSTGRES_VERSION } from '../../schemas/generated/postgres-settings.ts';
import { OWNED_SETTINGS, POSTGRES_SETTINGS } from '../../schemas/postgres-settings.ts';

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
});

test('what the operator owns is in the catalogue', () => {
  assert.deepEqual(
    OWNED_SETTINGS.filter((name) => !POSTGRES_SETTINGS.has(name)),
    [],
  );
});
