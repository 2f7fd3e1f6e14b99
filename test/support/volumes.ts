/** A claim and a volume that is bound to it, without any provisioner. */
import type { KubeObject } from '../../schemas/k8s.ts';

const CLASSLESS = { accessModes: ['ReadWriteOnce'], storageClassName: '' };

export const volumesIn = (namespace: string) => ({
  claim: (name: string, labels: Record<string, string>): KubeObject => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace, labels },
    spec: { ...CLASSLESS, resources: { requests: { storage: '10Gi' } } },
  }),
  /** The volume is called `pv-<namespace>`: one per namespace. */
  volumeFor: (claim: string): object => ({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `pv-${namespace}` },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '10Gi' },
      claimRef: { namespace, name: claim },
      hostPath: { path: `/tmp/${namespace}` },
      persistentVolumeReclaimPolicy: 'Retain',
    },
  }),
});
