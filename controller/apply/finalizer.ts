import type { KubeObject } from '../../schemas/k8s.ts';
import { refOf } from '../../kube/api.ts';
import { isKubeError } from '../../kube/errors.ts';
import type { Deps } from '../deps.ts';

const write = (
  deps: Deps,
  object: KubeObject,
  finalizers: string[] | null,
): Promise<KubeObject> => {
  const { resourceVersion } = object.metadata;
  return deps.kube.mergePatch(refOf(object), {
    metadata: { finalizers, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
  });
};

/** The object with the finalizer; written only when it was missing. */
export const ensureFinalizer = async <T extends KubeObject>(
  deps: Deps,
  object: T,
  finalizer: string,
): Promise<T> => {
  const present = object.metadata.finalizers ?? [];
  if (present.includes(finalizer)) return object;
  return (await write(deps, object, [...present, finalizer])) as T;
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
    return (await write(deps, object, rest.length > 0 ? rest : null)) as T;
  } catch (error) {
    if (!isKubeError(error, 'gone')) throw error;
    return object;
  }
};
