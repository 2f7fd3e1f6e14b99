import type { KubeApi } from '../kube/api.ts';
import type { Clock } from '../kube/clock.ts';
import { Informer } from '../kube/informer.ts';
import { Store } from '../kube/store.ts';
import type { Log } from '../kube/log.ts';
import { KINDS, type KubeObject } from '../schemas/k8s.ts';
import { POLICY_LABEL_PREFIX } from '../schemas/labels.ts';
import type { Policy } from './policies/policy.ts';
import { withLabels } from './trim.ts';
import { BUILTIN_CONFIG, readPolicyConfig, type PolicyConfig } from './policy-config.ts';

/** Where the webhook learns what its operator and the namespaces want of the policies. */
export interface PolicySource {
  /** As the ConfigMap says now; the built-in values while there is none. */
  config(): PolicyConfig;
  /** The labels of a namespace that name policies. */
  labelsOf(namespace: string): Promise<Readonly<Record<string, string>>>;
}

interface PolicySourceDeps {
  kube: Pick<KubeApi, 'get' | 'list' | 'watch'>;
  clock: Clock;
  random: () => number;
  log: Log;
  metrics: { configProblems(count: number): void };
  /** Namespace and name of the ConfigMap. */
  namespace: string;
  name: string;
  policies: readonly Policy[];
}

/** Watches the ConfigMap and, by their metadata only, the Namespaces. Start both informers. */
export function createPolicySource(deps: PolicySourceDeps): PolicySource & {
  informers: Informer[];
} {
  const { kube, clock, random, log, metrics, namespace, name, policies } = deps;
  const common = { api: kube, clock, random, log };
  const namespaces = new Store({ now: () => clock.now(), transform: onlyPolicyLabels });
  const configMaps = new Informer({
    ...common,
    kind: KINDS.ConfigMap,
    store: new Store({ now: () => clock.now() }),
    namespace,
    fieldSelector: `metadata.name=${name}`,
  });
  let config = BUILTIN_CONFIG;
  configMaps.onChange(({ type, object }) => {
    const fields = { ns: namespace, configMap: name };
    const data = type === 'deleted' ? undefined : object.data;
    const read = readPolicyConfig(data, config, policies);
    config = read.config;
    for (const problem of read.problems) {
      log.warn({ ...fields, problem }, 'an entry is ignored: what it said before stays');
    }
    if (read.problems.length > 0) metrics.configProblems(read.problems.length);
    if (type === 'deleted') log.warn(fields, 'no configuration of policies: built-in values');
    else log.info({ ...fields, ...config }, 'configuration of policies read');
  });
  return {
    informers: [
      configMaps,
      new Informer({ ...common, kind: KINDS.Namespace, store: namespaces, metadataOnly: true }),
    ],
    config: () => config,
    async labelsOf(wanted) {
      const known = namespaces.get(undefined, wanted);
      if (known) return known.metadata.labels ?? {};
      // It may come from the same `kubectl apply` as the object.
      try {
        const live = await kube.get({ kind: KINDS.Namespace, name: wanted });
        return (live && onlyPolicyLabels(live).metadata.labels) ?? {};
      } catch (error) {
        log.warn({ err: error, ns: wanted }, 'cannot read the labels of the namespace');
        return {};
      }
    },
  };
}

/** There can be thousands of namespaces, and most have none of our labels. */
function onlyPolicyLabels({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const isOurs = (key: string): boolean => key.startsWith(POLICY_LABEL_PREFIX);
  return { apiVersion, kind, metadata: withLabels(metadata, isOurs) };
}
