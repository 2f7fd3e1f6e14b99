import { ZONE_LABELS } from '../schemas/labels.ts';
import { LOG_LEVELS } from '../kube/log.ts';
import { readOptions } from '../kube/options.ts';
import type { OptionsResult, OptionTable, OptionValues } from '../kube/options.ts';

/** Every setting of the webhook. */
export const WEBHOOK_OPTIONS = {
  namespace: {
    flag: 'namespace',
    env: 'POD_NAMESPACE',
    type: 'string',
    default: 'multigres-operator',
    summary: 'Namespace of the operator: the place of the CA Secret.',
  },
  port: {
    flag: 'port',
    env: 'WEBHOOK_PORT',
    type: 'integer',
    max: 65_535,
    default: '9443',
    summary: 'Port of /mutate and /validate (TLS).',
  },
  host: {
    flag: 'host',
    env: 'WEBHOOK_HOST',
    type: 'string',
    default: '',
    summary: 'Address to listen on. Empty: all.',
  },
  healthAddress: {
    flag: 'health-address',
    type: 'address',
    default: ':8081',
    summary: 'Address of /healthz, /readyz and /metrics (plain HTTP).',
  },
  serviceName: {
    flag: 'service-name',
    env: 'WEBHOOK_SERVICE',
    type: 'string',
    default: 'multigres-operator-webhook',
    summary: 'Service that the API server calls; its names go into the certificate.',
  },
  configurationName: {
    flag: 'configuration-name',
    env: 'WEBHOOK_CONFIGURATION',
    type: 'string',
    default: 'multigres-operator',
    summary: 'Name of both webhook configurations.',
  },
  caSecret: {
    flag: 'ca-secret',
    env: 'WEBHOOK_CA_SECRET',
    type: 'string',
    default: 'multigres-webhook-ca',
    summary: 'Secret with the CA that the replicas share; made when missing.',
  },
  controllerServiceAccount: {
    flag: 'controller-service-account',
    type: 'string',
    default: 'multigres-operator-controller',
    summary: 'Service account of the controller: it may write children.',
  },
  leaseName: {
    flag: 'lease-name',
    type: 'string',
    default: 'multigres-operator.multigres.com',
    summary: 'Name of the lease that the controller holds while it works, in the same namespace.',
  },
  trustedUsers: {
    flag: 'trusted-users',
    type: 'list',
    default: '',
    summary: 'More user names that may write children.',
  },
  zoneLabels: {
    flag: 'zone-labels',
    type: 'list',
    default: ZONE_LABELS.join(','),
    summary: 'Node labels that may carry the zone of a cell, strongest first.',
  },
  policyConfigMap: {
    flag: 'policy-config-map',
    type: 'string',
    default: 'multigres-operator-policies',
    summary: 'ConfigMap with the modes and settings of policies; changes act at once.',
  },
  publishUrl: {
    flag: 'publish-url',
    type: 'string',
    form: [/^(https:\/\/[^/]+)?$/, 'of the form https://host:port'],
    default: '',
    summary:
      'For a webhook outside of the cluster: apply both configurations with this base URL instead of the Service.',
  },
  logLevel: {
    flag: 'log-level',
    type: LOG_LEVELS,
    default: 'info',
    summary: 'Least important lines that are written.',
  },
  checkSeconds: {
    flag: 'check-seconds',
    type: 'integer',
    max: 3600,
    default: '30',
    summary: 'Time between looks at the CA, the certificate and the CA bundle.',
  },
  drainSeconds: {
    flag: 'drain-seconds',
    type: 'integer',
    max: 300,
    default: '5',
    summary: 'Time between failing readiness and closing the port after SIGTERM.',
  },
  selfCheckSeconds: {
    flag: 'self-check-seconds',
    type: 'integer',
    max: 3600,
    default: '0',
    summary:
      'Above 0: serve nothing, but try for so long whether the API server reaches the webhook, and exit.',
  },
} as const satisfies OptionTable;

export type WebhookOptions = OptionValues<typeof WEBHOOK_OPTIONS>;

/** Reads the command line (arguments without the program) and the environment. */
export const parseWebhookOptions = (
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): OptionsResult<WebhookOptions> => readOptions(WEBHOOK_OPTIONS, argv, env);
