import { KINDS, type KubeObject } from '../../schemas/k8s.ts';
import type { Deps } from '../deps.ts';
import { deleteObject } from '../apply/children.ts';
import { isTerminating } from '../observe/pods.ts';

/**
 * Removes Certificates that are not wanted any more, the Secret that was made from each first: cert-manager
 * leaves it behind, and a left-over key must not be taken for a current one.
 */
export const pruneCertificates = async (
  deps: Deps,
  owner: KubeObject,
  wanted: readonly KubeObject[],
): Promise<void> => {
  const names = new Set(
    wanted.filter(({ kind }) => kind === 'Certificate').map(({ metadata }) => metadata.name),
  );
  for (const certificate of deps.listers.Certificate.byIndex('owner', owner.metadata.uid ?? '')) {
    if (names.has(certificate.metadata.name) || isTerminating(certificate)) continue;
    const { secretName } = (certificate.spec ?? {}) as { secretName?: string };
    const namespace = certificate.metadata.namespace ?? '';
    if (secretName) await deps.kube.delete({ kind: KINDS.Secret, namespace, name: secretName });
    await deleteObject(deps, certificate);
  }
};
