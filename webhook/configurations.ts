import { KINDS, type KubeObject } from '../schemas/k8s.ts';
import { OPERATIONS, type Policy, type PolicyKind } from './policies/policy.ts';
import { SOMETHING_TO_WRITE } from './something-to-write.ts';

const MUTATING_WEBHOOK = 'mutate.multigres.com';
const VALIDATING_WEBHOOK = 'validate.multigres.com';

const GARBAGE_COLLECTOR = 'system:serviceaccount:kube-system:generic-garbage-collector';

/** Identities of Kubernetes itself that remove children and the contents of namespaces. */
export const CLEANUP_USERS = [
  GARBAGE_COLLECTOR,
  'system:serviceaccount:kube-system:namespace-controller',
] as const;

interface Rule {
  apiGroups: string[];
  apiVersions: string[];
  operations: string[];
  resources: string[];
  scope: 'Namespaced';
}

interface ClientConfig {
  url?: string;
  service?: { namespace: string; name: string; path: string; port: number };
  caBundle?: string;
}

export interface WebhookEntry {
  name: string;
  clientConfig: ClientConfig;
  [field: string]: unknown;
}

export interface WebhookConfiguration extends KubeObject {
  webhooks: WebhookEntry[];
}

interface ConfigurationOptions {
  /** Name of both configuration objects. */
  name: string;
  /** Where the API server finds the webhook at `path`. */
  client(path: '/mutate' | '/validate'): ClientConfig;
  /** Users whose requests are not sent to us: the controller, and CLEANUP_USERS are added. */
  trustedUsers: readonly string[];
}

/** Rules of the mutating webhook: defaults exist for clusters only. */
const MUTATING_RULES: Rule[] = [rule(['CREATE', 'UPDATE'], ['MultigresCluster'])];

/** Rules of the validating webhook: what the policies want to see, no more. */
export function validatingRules(policies: readonly Policy[]): Rule[] {
  const kinds = new Set(policies.flatMap((policy) => policy.kinds));
  const byOperations = Map.groupBy(kinds, (kind) => {
    const wanted = policies.filter((policy) => policy.kinds.includes(kind));
    return OPERATIONS.filter((one) =>
      wanted.some((policy) => policy.operations.includes(one)),
    ).join();
  });
  return [...byOperations]
    .map(([key, kinds]) => rule(key.split(','), kinds))
    .toSorted((a, b) => (a.resources[0] ?? '').localeCompare(b.resources[0] ?? '', 'en'));
}

/**
 * Conditions under which a request is sent to us at all; the mutating webhook has one more. Bookkeeping of the controller, clean-up by
 * Kubernetes and objects that are being deleted never wait for a webhook, which may be down. A whole
 * cluster that goes because somebody else's object owned it is no clean-up: that is asked about.
 */
function matchConditions(trustedUsers: readonly string[]): { name: string; expression: string }[] {
  const users = [...trustedUsers, ...CLEANUP_USERS].map((user) => JSON.stringify(user)).join(', ');
  return [
    {
      name: 'not-the-operator-or-cleanup',
      expression: `!(request.userInfo.username in [${users}]) || (${OWNED_CLUSTER})`,
    },
    {
      name: 'not-being-deleted',
      expression: 'oldObject == null || !has(oldObject.metadata.deletionTimestamp)',
    },
  ];
}

const OWNED_CLUSTER = [
  `request.userInfo.username == ${JSON.stringify(GARBAGE_COLLECTOR)}`,
  'request.operation == "DELETE"',
  `request.resource.resource == ${JSON.stringify(KINDS.MultigresCluster.plural)}`,
].join(' && ');

/** Both webhook configurations. The chart renders the same; a test compares them. */
export function webhookConfigurations(
  policies: readonly Policy[],
  options: ConfigurationOptions,
): WebhookConfiguration[] {
  const common = {
    admissionReviewVersions: ['v1'],
    failurePolicy: 'Fail',
    matchPolicy: 'Equivalent',
    timeoutSeconds: 10,
  };
  const conditions = matchConditions(options.trustedUsers);
  const make = (kind: string, webhook: WebhookEntry): WebhookConfiguration => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    metadata: { name: options.name },
    webhooks: [webhook],
  });
  return [
    make('MutatingWebhookConfiguration', {
      name: MUTATING_WEBHOOK,
      clientConfig: options.client('/mutate'),
      rules: MUTATING_RULES,
      sideEffects: 'None',
      reinvocationPolicy: 'IfNeeded',
      matchConditions: [...conditions, SOMETHING_TO_WRITE],
      ...common,
    }),
    make('ValidatingWebhookConfiguration', {
      name: VALIDATING_WEBHOOK,
      clientConfig: options.client('/validate'),
      rules: validatingRules(policies),
      // A bypass of a policy is told by an Event.
      sideEffects: 'NoneOnDryRun',
      matchConditions: conditions,
      ...common,
    }),
  ];
}

function rule(operations: string[], kinds: readonly PolicyKind[]): Rule {
  return {
    apiGroups: [KINDS.MultigresCluster.group],
    apiVersions: [KINDS.MultigresCluster.version],
    operations,
    resources: kinds.map((kind) => KINDS[kind].plural),
    scope: 'Namespaced',
  };
}
