/** The chart and webhook/configurations.ts say the same. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KubeObject } from '../../schemas/k8s.ts';
import { webhookConfigurations, type WebhookConfiguration } from '../../webhook/configurations.ts';
import { POLICIES } from '../../webhook/policies/index.ts';
import { BUILTIN_CONFIG, readPolicyConfig } from '../../webhook/policy-config.ts';
import { CI_VALUES, NAMESPACE, one, renderSmall } from '../support/chart.ts';

const KINDS = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'];
const rendered = (args: string[] = []): WebhookConfiguration[] => {
  const objects = renderSmall(args);
  return KINDS.map((kind) => one(objects, kind) as WebhookConfiguration);
};

const made = (name: string, trustedUsers: string[]): WebhookConfiguration[] =>
  webhookConfigurations(POLICIES, {
    name,
    client: (path) => ({
      service: { namespace: NAMESPACE, name: `${name}-webhook`, path, port: 443 },
    }),
    trustedUsers,
  });

const withoutLabels = (object: KubeObject): KubeObject => ({
  ...object,
  metadata: { name: object.metadata.name },
});

describe('webhook configurations', () => {
  test('are what the program expects', () => {
    const user = `system:serviceaccount:${NAMESPACE}:multigres-operator-controller`;
    assert.deepEqual(rendered().map(withoutLabels), made('multigres-operator', [user]));
  });

  test('follow names and users', () => {
    const name = 'o<"x">@example.com';
    const args = [
      '--set=fullnameOverride=mg',
      '--set=serviceAccounts.controller=ctl',
      `--set-json=webhook.trustedUsers=${JSON.stringify(['system:serviceaccount:a:b', name])}`,
    ];
    const users = [`system:serviceaccount:${NAMESPACE}:ctl`, 'system:serviceaccount:a:b', name];
    assert.deepEqual(rendered(args).map(withoutLabels), made('mg', users));
  });

  test('hold no CA: an upgrade would take the one in use away', () => {
    assert.ok(!JSON.stringify(rendered()).includes('caBundle'));
  });

  test('ask only about our own group', () => {
    for (const { webhooks } of rendered()) {
      for (const webhook of webhooks) {
        const rules = webhook['rules'] as { apiGroups: string[] }[];
        for (const { apiGroups } of rules) assert.deepEqual(apiGroups, ['multigres.com']);
      }
    }
  });

  test('hand the modes and settings of policies over as the program reads them', () => {
    const data = (args: string[]) => one(renderSmall(args), 'ConfigMap', '-policies').data;
    const problemsOf = (args: string[]) => readPolicyConfig(data(args), BUILTIN_CONFIG, POLICIES);
    assert.deepEqual(problemsOf([]), {
      config: {
        modes: {},
        settings: { strictZones: false, deletionProtection: false, backupMaxAgeMs: 24 * 3_600_000 },
      },
      problems: [],
    });
    const full = CI_VALUES.find(({ name }) => name === 'full-values.yaml');
    assert.deepEqual(problemsOf(['-f', full?.file ?? '']), {
      config: {
        modes: { 'durability-can-be-met': 'warn', 'zones-exist': 'deny', 'password-secret': 'off' },
        settings: { strictZones: true, deletionProtection: true, backupMaxAgeMs: 26 * 3_600_000 },
      },
      problems: [],
    });
  });

  test('leave out namespaces that the controller does not work in', () => {
    const selectors = (args: string[]) =>
      rendered(args).flatMap(({ webhooks }) =>
        webhooks.map((webhook) => webhook['namespaceSelector']),
      );
    const inTwo = {
      matchExpressions: [
        { key: 'kubernetes.io/metadata.name', operator: 'In', values: ['a', 'b'] },
      ],
    };
    assert.deepEqual(selectors(['--set=controller.watchNamespaces={a,b}']), [inTwo, inTwo]);
    assert.deepEqual(selectors([]), [undefined, undefined]);
  });

  test('are gone with webhook.enabled=false', () => {
    const objects = renderSmall(['--set=webhook.enabled=false']);
    assert.deepEqual(
      objects.filter(
        ({ kind, metadata }) => KINDS.includes(kind) || metadata.name.includes('webhook'),
      ),
      [],
    );
  });
});
