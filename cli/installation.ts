import type { KubeApi } from '../kube/api.ts';
import { isKubeError } from '../kube/errors.ts';
import { listAll } from '../kube/informer.ts';
import { variableOf } from '../kube/options.ts';
import { KINDS, type KubeObject } from '../schemas/k8s.ts';
import { resolveModes } from '../webhook/modes.ts';
import { WEBHOOK_OPTIONS } from '../webhook/options.ts';
import { POLICIES } from '../webhook/policies/index.ts';
import { ZONE_LABELS } from '../schemas/labels.ts';
import { listOf, textOf } from '../schemas/text.ts';
import type { ModeOverrides } from '../webhook/policies/policy.ts';
import { BUILTIN_CONFIG, type PolicyConfig, readPolicyConfig } from '../webhook/policy-config.ts';

/** How the operator is installed in a cluster, as far as it changes verdicts. */
export interface Installation {
  /** Namespace of the operator; absent if it was not found. */
  namespace?: string;
  config: PolicyConfig;
  /** Node labels that may carry the zone of a cell, strongest first. */
  zoneLabels: readonly string[];
  /** What could not be read, in words. */
  notes: string[];
}

const WEBHOOK = 'validate.multigres.com';

interface WithWebhooks extends KubeObject {
  webhooks?: { name: string; clientConfig?: { service?: { namespace: string } } }[];
}

/** Finds the operator by its webhook configuration, and reads what it decided about policies. */
export async function readInstallation(kube: Pick<KubeApi, 'get' | 'list'>): Promise<Installation> {
  const notes: string[] = [];
  const attempt = async <T>(what: string, read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      notes.push(`cannot read ${what}: ${textOf(error)}`);
      return undefined;
    }
  };
  const found = await attempt('the webhook configurations', async () => {
    const { items } = await listAll(kube, KINDS.ValidatingWebhookConfiguration, { limit: 500 });
    return (items as WithWebhooks[]).find(({ webhooks = [] }) =>
      webhooks.some(({ name }) => name === WEBHOOK),
    );
  });
  const namespace = found?.webhooks?.find(({ name }) => name === WEBHOOK)?.clientConfig?.service
    ?.namespace;
  if (!found || namespace === undefined)
    return { config: BUILTIN_CONFIG, zoneLabels: ZONE_LABELS, notes };
  const name = `${found.metadata.name}-policies`;
  const settings = await attempt('the settings of the policies', () =>
    kube.get({ kind: KINDS.ConfigMap, namespace, name }),
  );
  const { config, problems } = readPolicyConfig(settings?.data, BUILTIN_CONFIG, POLICIES);
  const deployment = await attempt('the settings of the webhook', () =>
    kube.get({ kind: KINDS.Deployment, namespace, name: `${found.metadata.name}-webhook` }),
  );
  return {
    namespace,
    config,
    zoneLabels: zoneLabelsOf(deployment) ?? ZONE_LABELS,
    notes: [...notes, ...problems],
  };
}

interface PodTemplate {
  template?: { spec?: { containers?: { env?: { name: string; value?: string }[] }[] } };
}

function zoneLabelsOf(deployment: KubeObject | undefined): string[] | undefined {
  const { template } = (deployment?.spec ?? {}) as PodTemplate;
  const env = (template?.spec?.containers ?? []).flatMap((container) => container.env ?? []);
  const value = env.find(({ name }) => name === variableOf(WEBHOOK_OPTIONS.zoneLabels))?.value;
  return value ? listOf(value) : undefined;
}

/** The modes in force in a namespace: those of the installation, and its own labels. */
export async function modesIn(
  kube: Pick<KubeApi, 'get'>,
  namespace: string,
  { config }: Installation,
  notes: string[],
): Promise<ModeOverrides> {
  try {
    const object = await kube.get({ kind: KINDS.Namespace, name: namespace });
    return resolveModes(POLICIES, config.modes, namespace, object?.metadata.labels ?? {}).modes;
  } catch (error) {
    if (!isKubeError(error, 'denied')) throw error;
    notes.push(`cannot read the labels of namespace ${namespace}: modes set there do not count`);
    return config.modes;
  }
}

export const LEASE_NAME = WEBHOOK_OPTIONS.leaseName.default;
