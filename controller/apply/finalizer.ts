import type { KubeObject } from '../../schemas/k8s.ts';
import { compact } from '../../schemas/compact.ts';
import { refOf, type KubeApi } from '../../kube/api.ts';
import { isKubeError } from '../../kube/errors.ts';
import type { Deps } from '../deps.ts';

/** Changes metadata of an object; refused (class `conflict`) when it is not as we know it any more. */
export const patchIfSame = (
  kube: Pick<KubeApi, 'mergePatch'>,
  object: KubeObject,
  metadata: Record<string, unknown>,
): Promise<KubeObject> => {
  const { resourceVersion } = object.metadata;
  return kube.mergePatch(refOf(object), { metadata: compact({ ...metadata, resourceVersion }) });
};

/** The object with the finalizer; written only when it was missing. */
export const ensureFinalizer = async <T extends KubeObject>(
  deps: Deps,
  object: T,
  finalizer: string,
): Promise<T> => {
  const present = object.metadata.finalizers ?? [];
  if (present.includes(finalizer)) return object;
  return (await patchIfSame(deps.kube, object, { finalizers: [...present, finalizer] })) as T;
};

/** The object without the finalizer; written only when it was there. */
export const removeFinalizer = async <T extends KubeObject>(
  deps: Deps,
  object: T,
  finalizer: string,
): Promise<T> => {
  const present = object.metadata.finalizers ?? [];
  if (!present.includes(finalizer)) return object;
  const rest = present.filter((entry) => entry !== finalizer);
  try {
    const finalizers = rest.length > 0 ? rest : null;
    return (await patchIfSame(deps.kube, object, { finalizers })) as T;
  } catch (error) {
    if (!isKubeError(error, 'gone')) throw error;
    return object;
  }
};
