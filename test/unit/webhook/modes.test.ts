import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { resolveModes } from '../../../webhook/modes.ts';
import type { Finding, Mode, Policy } from '../../../webhook/policies/policy.ts';
import { runPolicies } from '../../../webhook/policies/run.ts';
import { BUILTIN_CONFIG, readPolicyConfig } from '../../../webhook/policy-config.ts';
import { clusterOf, contextOf, policyOf } from '../../support/policy.ts';

const policy = (id: string, mode: Mode, found: Partial<Finding>[] = [{}]): Policy =>
  policyOf({
    id,
    mode,
    check: () => found.map((one) => ({ path: '', message: 'm', allowed: 'a', fix: 'f', ...one })),
  });
const denies = policy('denies', 'deny');
const warns = policy('warns', 'warn');
const guards: Policy = { ...policy('guards', 'deny'), guard: true };
const all = [denies, warns, guards];

describe('the mode in force', () => {
  const context = contextOf(clusterOf({}, {}));
  const CASES: [own: Mode, set: Mode | undefined, finding: Mode | undefined, Mode | 'nothing'][] = [
    ['deny', undefined, undefined, 'deny'],
    ['deny', undefined, 'warn', 'warn'],
    ['warn', undefined, undefined, 'warn'],
    ['warn', undefined, 'deny', 'deny'],
    ['deny', 'warn', undefined, 'warn'],
    ['warn', 'warn', 'deny', 'warn'],
    ['warn', 'deny', undefined, 'deny'],
    ['warn', 'deny', 'warn', 'warn'],
    ['deny', 'deny', 'warn', 'warn'],
    ['deny', 'off', undefined, 'nothing'],
    ['warn', 'off', 'deny', 'nothing'],
    ['off', undefined, undefined, 'nothing'],
    ['off', 'warn', undefined, 'warn'],
    ['deny', undefined, 'off', 'nothing'],
  ];
  for (const [own, set, finding, expected] of CASES) {
    test(`of a policy that is ${own}, set to ${set ?? 'nothing'}, for a finding that says ${finding ?? 'nothing'}, is ${expected}`, () => {
      const one = policy('x', own, [finding ? { mode: finding } : {}]);
      const judged = runPolicies([one], context, set ? { x: set } : {});
      assert.deepEqual(
        judged.map(({ mode }) => mode),
        expected === 'nothing' ? [] : [expected],
      );
    });
  }

  test('a policy that is off is not evaluated', () => {
    const bomb: Policy = { ...denies, check: () => assert.fail('evaluated') };
    assert.deepEqual(runPolicies([bomb], context, { denies: 'off' }), []);
  });

  test('a mode for a name of Object.prototype is nothing', () => {
    const odd = policy('constructor', 'warn');
    assert.equal(runPolicies([odd], context, {})[0]?.mode, 'warn');
  });
});

describe('labels of a namespace', () => {
  const modes = (labels: Record<string, string>, configured: Record<string, Mode> = {}) =>
    resolveModes(all, configured, 'ns', labels);
  const label = (id: string) => `policies.multigres.com/${id}`;

  test('win over what is configured, which wins over the policy', () => {
    assert.deepEqual(modes({ [label('denies')]: 'warn' }, { denies: 'off', warns: 'deny' }), {
      modes: { denies: 'warn', warns: 'deny' },
      warnings: [],
    });
    assert.deepEqual(modes({ other: 'label' }, { warns: 'off' }).modes, { warns: 'off' });
  });

  test('that cannot be read count for nothing, and say so', () => {
    const { modes: set, warnings } = modes({
      [label('denies')]: 'never',
      [label('no-such')]: 'warn',
      [label('warns')]: 'deny',
    });
    assert.deepEqual(set, { warns: 'deny' });
    assert.deepEqual(warnings, [
      'label policies.multigres.com/denies=never of namespace ns is ignored: allowed: deny, warn, off',
      'label policies.multigres.com/no-such=warn of namespace ns is ignored: there is no such policy; docs/policies.md lists them',
    ]);
  });

  test('raise a guard and do not lower it', () => {
    assert.match(modes({ [label('guards')]: 'warn' }).warnings.join(), /only the chart/);
    assert.deepEqual(modes({ [label('guards')]: 'off' }).modes, {});
    assert.deepEqual(modes({ [label('guards')]: 'deny' }, { guards: 'warn' }), {
      modes: { guards: 'deny' },
      warnings: [],
    });
  });
});

describe('the ConfigMap', () => {
  const read = (data?: Record<string, string>, before = BUILTIN_CONFIG) =>
    readPolicyConfig(data, before, all);

  test('holds modes and settings', () => {
    const data = {
      'mode.denies': 'warn',
      'mode.warns': 'off',
      'setting.strictZones': 'true',
      'setting.deletionProtection': 'false',
      'setting.backupMaxAge': '1h30m',
    };
    assert.deepEqual(read(data), {
      config: {
        modes: { denies: 'warn', warns: 'off' },
        settings: { strictZones: true, deletionProtection: false, backupMaxAgeMs: 5_400_000 },
      },
      problems: [],
    });
    assert.deepEqual(read({ 'setting.backupMaxAge': '' }).config, BUILTIN_CONFIG);
    assert.deepEqual(read(undefined, read(data).config).config, BUILTIN_CONFIG);
  });

  test('keeps the last good value of an entry that is broken, and takes the others', () => {
    const before = read({ 'mode.denies': 'off', 'setting.backupMaxAge': '2h' }).config;
    const { config, problems } = read(
      {
        'mode.denies': 'Off',
        'mode.warns': 'deny',
        'mode.guards': 'x',
        'mode.__proto__': 'deny',
        'setting.backupMaxAge': '-1h',
        'setting.constructor': 'x',
        other: '',
      },
      before,
    );
    assert.deepEqual(config, {
      modes: { denies: 'off', warns: 'deny' },
      settings: { backupMaxAgeMs: 7_200_000 },
    });
    assert.equal(problems.length, 6, problems.join('\n'));
    assert.match(problems.join('\n'), /mode\.denies: "Off": allowed: deny, warn, off/);
    assert.match(problems.join('\n'), /other: "": there is no such key; allowed: mode\.</);
  });
});
