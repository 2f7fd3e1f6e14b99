import { parseArgs } from 'node:util';
import { LOG_LEVELS, type LogLevel } from '../kube/log.ts';
import { ZONE_LABELS } from './policies/nodes.ts';

export interface OptionDef {
  /** Command line name without the dashes. */
  flag: string;
  env: string;
  default: string;
  summary: string;
}

/**
 * Every setting of the webhook: the one list for the command line, the environment and the docs. A
 * flag wins over its environment variable, which wins over the default. Lists are separated by commas.
 */
export const WEBHOOK_OPTIONS = {
  namespace: option(
    'namespace',
    'POD_NAMESPACE',
    'multigres-operator',
    'Namespace of the operator: the place of the CA Secret.',
  ),
  port: option('port', 'WEBHOOK_PORT', '9443', 'Port of /mutate and /validate (TLS).'),
  host: option('host', 'WEBHOOK_HOST', '', 'Address to listen on. Empty: all.'),
  healthAddress: option(
    'health-address',
    'HEALTH_ADDRESS',
    ':8081',
    'Address of /healthz, /readyz and /metrics (plain HTTP).',
  ),
  serviceName: option(
    'service-name',
    'WEBHOOK_SERVICE',
    'multigres-operator-webhook',
    'Service that the API server calls; its names go into the certificate.',
  ),
  configurationName: option(
    'configuration-name',
    'WEBHOOK_CONFIGURATION',
    'multigres-operator',
    'Name of both webhook configurations.',
  ),
  caSecret: option(
    'ca-secret',
    'WEBHOOK_CA_SECRET',
    'multigres-webhook-ca',
    'Secret with the CA that the replicas share; made when missing.',
  ),
  controllerServiceAccount: option(
    'controller-service-account',
    'CONTROLLER_SERVICE_ACCOUNT',
    'multigres-operator-controller',
    'Service account of the controller: it may write children.',
  ),
  leaseName: option(
    'lease-name',
    'LEASE_NAME',
    'multigres-operator.multigres.com',
    'Name of the lease that the controller holds while it works, in the same namespace.',
  ),
  trustedUsers: option(
    'trusted-users',
    'TRUSTED_USERS',
    '',
    'More user names that may write children.',
  ),
  zoneLabels: option(
    'zone-labels',
    'ZONE_LABELS',
    ZONE_LABELS.join(','),
    'Node labels that may carry the zone of a cell, strongest first.',
  ),
  policyConfigMap: option(
    'policy-config-map',
    'POLICY_CONFIG_MAP',
    'multigres-operator-policies',
    'ConfigMap with the modes and settings of policies; changes act at once.',
  ),
  publishUrl: option(
    'publish-url',
    'PUBLISH_URL',
    '',
    'For a webhook outside of the cluster: apply both configurations with this base URL instead of the Service.',
  ),
  logLevel: option(
    'log-level',
    'LOG_LEVEL',
    'info',
    `Least important lines that are written: ${LOG_LEVELS.join(', ')}.`,
  ),
  checkSeconds: option(
    'check-seconds',
    'CHECK_SECONDS',
    '30',
    'Time between looks at the CA, the certificate and the CA bundle.',
  ),
  drainSeconds: option(
    'drain-seconds',
    'DRAIN_SECONDS',
    '5',
    'Time between failing readiness and closing the port after SIGTERM.',
  ),
  selfCheckSeconds: option(
    'self-check-seconds',
    'SELF_CHECK_SECONDS',
    '0',
    'Above 0: serve nothing, but try for so long whether the API server reaches the webhook, and exit.',
  ),
} as const satisfies Record<string, OptionDef>;

type Name = keyof typeof WEBHOOK_OPTIONS;

export interface WebhookOptions {
  namespace: string;
  port: number;
  host: string;
  health: { host: string; port: number };
  serviceName: string;
  configurationName: string;
  caSecret: string;
  controllerServiceAccount: string;
  leaseName: string;
  trustedUsers: string[];
  zoneLabels: string[];
  policyConfigMap: string;
  publishUrl: string;
  logLevel: LogLevel;
  checkMs: number;
  drainMs: number;
  selfCheckMs: number;
}

export type OptionsResult = { ok: true; value: WebhookOptions } | { ok: false; problems: string[] };

/** Reads the command line (arguments without the program) and the environment. */
export function parseWebhookOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): OptionsResult {
  const defs = Object.entries(WEBHOOK_OPTIONS) as [Name, OptionDef][];
  let flags: Record<string, unknown>;
  try {
    const options = Object.fromEntries(defs.map(([, { flag }]) => [flag, { type: 'string' }]));
    flags = parseArgs({
      args: [...argv],
      options: options as Record<string, { type: 'string' }>,
      allowPositionals: false,
    }).values;
  } catch (error) {
    return { ok: false, problems: [error instanceof Error ? error.message : String(error)] };
  }
  const text = Object.fromEntries(
    defs.map(([name, def]) => {
      const flag = flags[def.flag];
      return [name, typeof flag === 'string' ? flag : env[def.env] || def.default];
    }),
  ) as Record<Name, string>;
  return convert(text);
}

function convert(text: Record<Name, string>): OptionsResult {
  const problems: string[] = [];
  const integer = (name: Name, most: number): number => {
    const value = Number(text[name]);
    if (/^\d+$/.test(text[name]) && value <= most) return value;
    const { flag } = WEBHOOK_OPTIONS[name];
    problems.push(`--${flag}: "${text[name]}" is not a whole number from 0 to ${most}`);
    return 0;
  };
  const logLevel = LOG_LEVELS.find((level) => level === text.logLevel);
  if (!logLevel) {
    problems.push(`--log-level: "${text.logLevel}" is not one of ${LOG_LEVELS.join(', ')}`);
  }
  const health = /^(.*):(\d{1,5})$/.exec(text.healthAddress);
  if (!health) problems.push(`--health-address: "${text.healthAddress}" is not host:port`);
  if (text.publishUrl !== '' && !/^https:\/\/[^/]+$/.test(text.publishUrl)) {
    problems.push(`--publish-url: "${text.publishUrl}" is not of the form https://host:port`);
  }
  const value: WebhookOptions = {
    ...text,
    port: integer('port', 65535),
    health: { host: health?.[1] ?? '', port: Number(health?.[2] ?? 0) },
    trustedUsers: list(text.trustedUsers),
    zoneLabels: list(text.zoneLabels),
    logLevel: logLevel ?? 'info',
    checkMs: integer('checkSeconds', 3600) * 1000,
    drainMs: integer('drainSeconds', 300) * 1000,
    selfCheckMs: integer('selfCheckSeconds', 3600) * 1000,
  };
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value };
}

/** The part of docs/options.md about the webhook. */
export function webhookOptionsMarkdown(): string {
  const rows = Object.values(WEBHOOK_OPTIONS).map(({ flag, env, summary, ...def }) => {
    const value = def.default === '' ? '' : `\`${def.default}\``;
    return `| \`--${flag}\` | \`${env}\` | ${value} | ${summary} |`;
  });
  return [
    '# Options of the webhook',
    '',
    'Made from webhook/options.ts. Here too, a flag wins over its environment variable, which wins over the',
    'default. Lists are separated by commas.',
    '',
    '| Flag | Environment | Default | Meaning |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function option(flag: string, env: string, value: string, summary: string): OptionDef {
  return { flag, env, default: value, summary };
}
