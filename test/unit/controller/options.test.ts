import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOptions, type Options } from '../../../controller/options.ts';

function parse(argv: string[], env: Record<string, string> = {}): Options {
  const result = parseOptions(argv, env);
  assert.ok(result.ok, result.ok ? '' : result.problems.join('\n'));
  return result.value;
}
function problems(argv: string[], env: Record<string, string> = {}): string[] {
  const result = parseOptions(argv, env);
  return result.ok ? [] : result.problems;
}

test('defaults', () => {
  const options = parse([]);
  assert.equal(options.leaderElect, true);
  assert.equal(options.kubeQps, 300);
  assert.equal(options.kubeBurst, 600);
  assert.equal(options.resyncMs, 600_000);
  assert.deepEqual(options.watchNamespaces, []);
});

test('a flag wins over its variable, which wins over the default', () => {
  const env = { WORKERS: '3', WATCH_NAMESPACES: 'a, b,,c' };
  assert.equal(parse([], env).workers, 3);
  assert.equal(parse(['--workers=5'], env).workers, 5);
  assert.equal(parse(['--workers', '6'], env).workers, 6);
  assert.equal(parse(['-workers=7'], env).workers, 7);
  assert.deepEqual(parse([], env).watchNamespaces, ['a', 'b', 'c']);
  assert.equal(parse(['--leader-elect=false']).leaderElect, false);
  assert.equal(parse(['--leader-elect'], { LEADER_ELECT: 'false' }).leaderElect, true);
  assert.equal(parse([], { WORKERS: '' }).workers, 8);
});

test('all problems are told, each with its source and what is allowed', () => {
  assert.deepEqual(problems(['--resync-period=5', '--log-level=loud'], { WORKERS: 'many' }), [
    '--log-level: "loud" is not one of debug, info, warn, error',
    'WORKERS: "many" is not a whole number of 1 or more',
    '--resync-period: "5" is not a duration of at least 10s, such as 90s, 10m or 1h30m',
  ]);
  assert.match(problems(['--nonsense'])[0] ?? '', /unknown argument "--nonsense"; known are/);
  assert.match(problems(['stray'])[0] ?? '', /unknown argument "stray"/);
  assert.match(problems(['--leader-elect', 'false'])[0] ?? '', /unknown argument "false"/);
  assert.match(problems(['--workers'])[0] ?? '', /--workers: a value is missing/);
  assert.equal(problems(['--workers=0']).length, 1);
});

test('image and OpenTelemetry variables are handed on, others are not', () => {
  const env = { MULTIGRES_IMAGE_ETCD: 'e', OTEL_TRACES_SAMPLER: 's', HOME: '/', OTEL_EMPTY: '' };
  assert.deepEqual(parse([], env).env, { MULTIGRES_IMAGE_ETCD: 'e', OTEL_TRACES_SAMPLER: 's' });
});
