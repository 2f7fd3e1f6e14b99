/** The user's own settings file. Live: ConfigMaps of users are not copied. */
import { KINDS } from '../../../schemas/k8s.ts';
import type { Shard } from '../../../schemas/types.ts';
import type { Deps } from '../../deps.ts';

export type ConfigBody = { ok: true; body?: string } | { ok: false; problem: string };

export const readUserConfig = async (
  deps: Pick<Deps, 'kube'>,
  shard: Shard,
): Promise<ConfigBody> => {
  const ref = shard.spec?.postgresConfigRef;
  if (!ref) return { ok: true };
  const { name, key } = ref;
  const namespace = shard.metadata.namespace ?? '';
  const found = await deps.kube.get({ kind: KINDS.ConfigMap, namespace, name });
  const body = found?.data?.[key];
  if (body !== undefined) return { ok: true, body };
  const problem = found
    ? `ConfigMap ${name} has no key ${key} (spec.postgresConfigRef): add it`
    : `ConfigMap ${name} does not exist in namespace ${namespace} (spec.postgresConfigRef): create it with key ${key}`;
  return { ok: false, problem };
};
