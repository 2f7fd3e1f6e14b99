import type { KubeApi } from '../kube/api.ts';
import { isKubeError } from '../kube/errors.ts';
import { KINDS, type ObjectRef } from '../schemas/k8s.ts';
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
 * Writes the bundle into a webhook configuration where it is missing or different. False if there is
 * no such configuration. Throws what the API server answers otherwise.
 */
async function publishInto(kube: KubeApi, ref: ObjectRef, bundle: string): Promise<boolean> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const stored = await kube.get(ref);
    if (!stored) return false;
    // Read again after a write: only what the API server shows counts as published.
    const webhooks = withBundle((stored as WebhookConfiguration).webhooks ?? [], bundle);
    if (!webhooks) return true;
    const { resourceVersion } = stored.metadata;
    try {
      await kube.mergePatch(ref, { metadata: { resourceVersion }, webhooks });
    } catch (error) {
      if (!isKubeError(error, 'conflict')) throw error;
    }
  }
  throw new Error(`${ref.kind.kind} ${ref.name} was changed by others ${ATTEMPTS} times in a row`);
}

/**
 * How a bundle reaches the API server: patched into configurations that somebody else made, or,
 * with `make`, by applying whole configurations (for a webhook outside of the cluster). Returns why it
 * is not in place yet: a configuration that does not exist, for example because Helm creates it after
 * the Deployment.
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
    const missing: string[] = [];
    for (const kind of [KINDS.MutatingWebhookConfiguration, KINDS.ValidatingWebhookConfiguration]) {
      const found = await publishInto(kube, { kind, name }, bundle);
      if (!found) missing.push(`${kind.kind} ${name} does not exist`);
    }
    if (missing.length > 0) applied = '';
    return missing;
  };
}
