import type { KubeObject } from '../../schemas/k8s.ts';
import { nonEmpty } from '../../schemas/compact.ts';
import type { Storage } from '../../schemas/types.ts';
import { childMeta, type Identity } from './meta.ts';

/** Spec of a PersistentVolumeClaim; no class means the cluster's default class. */
export const claimSpec = (
  storage: Storage | undefined,
  fallbackSize: string,
): Record<string, unknown> => ({
  accessModes: nonEmpty(storage?.accessModes) ?? ['ReadWriteOnce'],
  resources: { requests: { storage: storage?.size ?? fallbackSize } },
  ...(storage?.class !== undefined && { storageClassName: storage.class }),
});

export const claim = (
  id: Identity,
  name: string,
  labels: Record<string, string>,
  spec: Record<string, unknown>,
): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: childMeta(id, name, labels),
  spec,
});
