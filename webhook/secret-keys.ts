import type { KubeApi } from '../kube/api.ts';
import { KINDS, type KubeObject } from '../schemas/k8s.ts';

interface FieldsEntry {
  fieldsV1?: Record<string, unknown>;
}

/**
 * The names of the keys of a Secret; null when there is none. Its values stay in the API server: the
 * bookkeeping of field managers, which is metadata, names each key. Only where it does not (somebody
 * emptied it, or it speaks of `stringData`) is the Secret itself read.
 */
export async function secretKeys(
  kube: Pick<KubeApi, 'get'>,
  namespace: string,
  name: string,
): Promise<string[] | null> {
  const ref = { kind: KINDS.Secret, namespace, name };
  const found = await kube.get(ref, { metadataOnly: true });
  if (!found) return null;
  const keys = managedKeys(found);
  if (keys) return keys;
  const secret = await kube.get(ref);
  return secret ? Object.keys(secret.data ?? {}) : null;
}

/** The keys of `data` according to managedFields; undefined when these do not tell all. */
export function managedKeys(object: KubeObject): string[] | undefined {
  const { managedFields } = object.metadata as { managedFields?: FieldsEntry[] };
  if (!managedFields || managedFields.length === 0) return undefined;
  const keys = new Set<string>();
  for (const { fieldsV1 } of managedFields) {
    if (!fieldsV1 || 'f:stringData' in fieldsV1) return undefined;
    const data = (fieldsV1['f:data'] ?? {}) as Record<string, unknown>;
    for (const field of Object.keys(data)) {
      if (field.startsWith('f:')) keys.add(field.slice(2));
    }
  }
  return keys.size === 0 ? undefined : [...keys].toSorted();
}
