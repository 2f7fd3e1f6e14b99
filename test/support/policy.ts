/** A policy and what it judges, for tests of the engine. */
import type { KubeObject } from '../../schemas/k8s.ts';
import { createContext } from '../../webhook/context.ts';
import type { Policy, PolicyContext } from '../../webhook/policies/policy.ts';

/** One that finds something wrong with everything. */
export const policyOf = (rest: Partial<Policy> = {}): Policy => ({
  id: 'x',
  code: 'MG999',
  kinds: ['MultigresCluster'],
  operations: ['CREATE', 'UPDATE', 'DELETE'],
  mode: 'deny',
  summary: '',
  description: '',
  good: '',
  bad: '',
  check: () => [{ path: '/spec', message: 'm', allowed: 'a', fix: 'f' }],
  ...rest,
});

export const clusterOf = (metadata: object, spec: object): KubeObject => ({
  apiVersion: 'multigres.com/v1alpha1',
  kind: 'MultigresCluster',
  metadata: { name: 'm', namespace: 'ns', ...metadata },
  spec,
});

/** A creation, or an update if there is an old object, in a world that nothing is known of. */
export const contextOf = (object: KubeObject, old?: KubeObject): PolicyContext =>
  createContext({
    operation: old ? 'UPDATE' : 'CREATE',
    kind: 'MultigresCluster',
    namespace: 'ns',
    name: 'm',
    user: 'u',
    trustedUsers: [],
    world: {},
    object,
    ...(old ? { old } : {}),
  });
