import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeError } from '../../../kube/errors.ts';
import { REDACTED, createLog } from '../../../kube/log.ts';

function lines(level: 'debug' | 'info' = 'info') {
  const written: Record<string, unknown>[] = [];
  const log = createLog(level, (line) => written.push(JSON.parse(line) as Record<string, unknown>));
  return { log, written };
}

test('secrets are blanked, at the top and one level deep', () => {
  const { log, written } = lines();
  const fields = Object.fromEntries(REDACTED.map((key) => [key, 'hush']));
  const object: Record<string, string> = { ...fields, kept: 'x' };
  log.info({ ...fields, object, list: ['y'] }, 'm');
  log
    .child({ ...fields })
    .child({ object })
    .info({}, 'm');
  assert.ok(!JSON.stringify(written).includes('hush'));
  assert.equal(object['password'], 'hush', 'the caller keeps its own');
  for (const line of written) assert.equal((line['object'] as { kept: string }).kept, 'x');
  assert.deepEqual(written[0]?.['list'], ['y']);
});

test('an error that was foreseen has no stack, another has', () => {
  const { log, written } = lines();
  log.warn({ err: new KubeError('m', { class: 'busy', status: 503, reason: 'x' }) });
  log.error({ err: new Error('surprise') });
  const errors = written.map((line) => line['err'] as Record<string, unknown>);
  assert.deepEqual(errors[0], { message: 'm', class: 'busy', status: 503 });
  assert.match(String(errors[1]?.['stack']), /surprise/);
});

test('lines below the level are not written; children add their fields', () => {
  const { log, written } = lines();
  log.debug({}, 'no');
  log.child({ ns: 'n' }).info({ name: 'x' }, 'yes');
  assert.equal(written.length, 1);
  assert.equal(written[0]?.['ns'], 'n');
  assert.equal(written[0]?.['level'], 'info');
});
