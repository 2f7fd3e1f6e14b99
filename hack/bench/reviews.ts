import jsonPatch from 'fast-json-patch';
import type { KubeObject } from '../../schemas/k8s.ts';
import type { MultigresCluster } from '../../schemas/types.ts';

/** An AdmissionReview as the API server sends it for a write with kubectl. */
export function reviewOf(
  uid: string,
  operation: 'CREATE' | 'UPDATE',
  object: KubeObject,
  old?: KubeObject,
): object {
  const { name, namespace } = object.metadata;
  const kind = { group: 'multigres.com', version: 'v1alpha1', kind: 'MultigresCluster' };
  const resource = { group: 'multigres.com', version: 'v1alpha1', resource: 'multigresclusters' };
  const action = operation === 'CREATE' ? 'CreateOptions' : 'UpdateOptions';
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid,
      kind,
      resource,
      requestKind: kind,
      requestResource: resource,
      name,
      namespace,
      operation,
      userInfo: {
        username: 'alice@example.com',
        uid: '0b5a3e0e-6a6f-4c55-8f36-0d7a7a0c1c11',
        groups: ['payments', 'developers', 'system:authenticated'],
        extra: { 'authentication.kubernetes.io/credential-id': ['JTI=5d1e6b4c'] },
      },
      object,
      oldObject: old ?? null,
      dryRun: false,
      options: {
        kind: action,
        apiVersion: 'meta.k8s.io/v1',
        fieldManager: 'kubectl-client-side-apply',
        fieldValidation: 'Strict',
      },
    },
  };
}

/** The object after the patch of a mutating answer (base64, as it comes). */
export function withPatch(object: KubeObject, patch: unknown): KubeObject {
  if (typeof patch !== 'string') throw new Error('the mutating webhook answered without a patch');
  const operations = JSON.parse(Buffer.from(patch, 'base64').toString('utf8')) as never[];
  return jsonPatch.applyPatch(structuredClone(object), operations).newDocument;
}

/** What an everyday change looks like: one more gateway, one setting. */
export function withSmallChange(object: KubeObject): KubeObject {
  const changed = structuredClone(object) as MultigresCluster;
  const gateway = changed.spec?.cells?.[0]?.overrides?.multigateway;
  if (!gateway) throw new Error('the manifest of the bench has no gateway to change');
  gateway.replicas = (gateway.replicas ?? 1) + 1;
  return changed as KubeObject;
}
