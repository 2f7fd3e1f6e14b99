import type { KubeApi } from '../kube/api.ts';
import { KubeError } from '../kube/errors.ts';
import { KINDS, type KubeObject, type ObjectRef } from '../schemas/k8s.ts';
import type { WebhookConfiguration, WebhookEntry } from './configurations.ts';

/** Attempts per configuration when others write it at the same time. */
const ATTEMPTS = 5;

/**
 * The list of webhooks with `bundle` (PEM) in each entry, or undefined when it is there already.
 * Everything else stays as it is.
 */
export function withBundle(
  webhooks: readonly WebhookEntry[],
  bundle: string,
): WebhookEntry[] | undefined {
  const caBundle = Buffer.from(bundle).toString('base64');
  if (webhooks.every((webhook) => webhook.clientConfig.caBundle === caBundle)) return undefined;
  return webhooks.map((webhook) => ({
    ...webhook,
    clientConfig: { ...webhook.clientConfig, caBundle },
  }));
}

/**
 * Writes the bundle into both webhook configurations of this name where it is missing or
 * different. Returns why it is not in place yet: a configuration that does not exist, for example
 * because Helm creates it after the Deployment. Throws what the API server answers otherwise.
 */
async function publishBundle(
  kube: KubeApi,
  name: string,
  bundle: string,
): Promise<{ written: number; missing: string[] }> {
  const missing: string[] = [];
  let written = 0;
  for (const kind of [KINDS.MutatingWebhookConfiguration, KINDS.ValidatingWebhookConfiguration]) {
    const outcome = await publishInto(kube, { kind, name }, bundle);
    if (outcome === 'missing') missing.push(`${kind.kind} ${name} does not exist`);
    if (outcome === 'written') written++;
  }
  return { written, missing };
}

async function publishInto(
  kube: KubeApi,
  ref: ObjectRef,
  bundle: string,
): Promise<'missing' | 'present' | 'written'> {
  let written = false;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const stored = await kube.get(ref);
    if (!stored) return 'missing';
    // Read again after a write: only what the API server shows counts as published.
    const webhooks = withBundle(webhooksOf(stored), bundle);
    if (!webhooks) return written ? 'written' : 'present';
    const { resourceVersion } = stored.metadata;
    try {
      await kube.mergePatch(ref, { metadata: { resourceVersion }, webhooks });
      written = true;
    } catch (error) {
      if (!(error instanceof KubeError) || error.class !== 'conflict') throw error;
    }
  }
  throw new Error(`${ref.kind.kind} ${ref.name} was changed by others ${ATTEMPTS} times in a row`);
}

function webhooksOf(configuration: KubeObject): WebhookEntry[] {
  return (configuration as WebhookConfiguration).webhooks ?? [];
}

/**
 * How a bundle reaches the API server: patched into configurations that somebody else made, or,
 * with `make`, by applying whole configurations (for a webhook outside of the cluster).
 */
export function publisher(
  kube: KubeApi,
  name: string,
  make?: (caBundle: string) => WebhookConfiguration[],
): (bundle: string) => Promise<string[]> {
  let applied = '';
  return async (bundle) => {
    const caBundle = Buffer.from(bundle).toString('base64');
    if (make && applied !== caBundle) {
      for (const configuration of make(caBundle)) {
        await kube.apply(configuration, { fieldManager: 'multigres-webhook' });
      }
      applied = caBundle;
    }
    const { missing } = await publishBundle(kube, name, bundle);
    if (missing.length > 0) applied = '';
    return missing;
  };
}
