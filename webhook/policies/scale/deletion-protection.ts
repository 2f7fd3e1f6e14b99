import { ANNOTATIONS } from '../../../schemas/labels.ts';
import type { Policy } from '../policy.ts';

const KEY = ANNOTATIONS.deletionProtection;

export const deletionProtection: Policy = {
  id: 'deletion-protection',
  code: 'MG044',
  kinds: ['MultigresCluster'],
  operations: ['DELETE'],
  mode: 'deny',
  summary: 'A cluster that is protected cannot be deleted.',
  description: `The annotation \`${KEY}: "true"\` protects a cluster until it is removed.
The operator of the installation can protect all clusters that do not carry it; \`"false"\` then takes
one out. Protected is the cluster against users, and against the garbage collector of Kubernetes, which
removes it when an object that owns it is gone. When its namespace is deleted, Kubernetes removes
Pods, volumes and Secrets in it by itself and in any order, so a cluster that alone stayed behind would
have lost its data and only keep the namespace from ending. The deletion of a namespace is therefore
not held up here: forbid it by RBAC for namespaces that matter.`,
  good: `# kubectl annotate multigrescluster demo ${KEY}-
# kubectl delete multigrescluster demo`,
  bad: `metadata:
  annotations:
    ${KEY}: "true"
# kubectl delete multigrescluster demo`,
  check({ old, name, namespace, world }) {
    const written = old?.metadata.annotations?.[KEY];
    const byDefault = world.settings?.deletionProtection === true;
    const isProtected = written === undefined ? byDefault : written !== 'false';
    if (!isProtected) return [];
    const command = `kubectl annotate multigrescluster ${name} -n ${namespace}`;
    return {
      path: '',
      message:
        written === undefined
          ? `MultigresCluster ${name} is protected against deletion, as all clusters of this installation`
          : `MultigresCluster ${name} is protected against deletion by its annotation ${KEY}: ${JSON.stringify(written)}`,
      allowed: 'deletion after the protection is taken away',
      fix:
        written === undefined
          ? `if it shall go: ${command} ${KEY}=false`
          : `if it shall go: ${command} ${byDefault ? `${KEY}=false --overwrite` : `${KEY}-`}`,
    };
  },
};
