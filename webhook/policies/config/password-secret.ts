import { clusterOf } from '../locate.ts';
import { CLUSTER_WRITES, type Policy } from '../policy.ts';
import { nearest } from '../../../schemas/spelling.ts';
import { oneOf } from '../words.ts';
import { own } from '../../../schemas/own.ts';

export const passwordSecret: Policy = {
  id: 'password-secret',
  code: 'MG018',
  ...CLUSTER_WRITES,
  mode: 'warn',
  summary: 'The Secret with the superuser password exists and has the key.',
  description: `The Pods of the pools wait in ContainerCreating until the Secret is there. It may be
made later, so this is a warning. Only the names of keys are read, never their values.`,
  good: `# kubectl create secret generic demo-password --from-literal=password=...
spec:
  postgresPasswordSecretRef: { name: demo-password, key: password }`,
  bad: `# the Secret has the key "password" only
spec:
  postgresPasswordSecretRef: { name: demo-password, key: passwd }`,
  check(ctx) {
    const ref = clusterOf(ctx).spec?.postgresPasswordSecretRef;
    const keys = ref && own(ctx.world.secrets, ref.name);
    if (!ref || keys === undefined || keys?.includes(ref.key)) return [];
    if (keys === null) {
      return {
        path: '/spec/postgresPasswordSecretRef/name',
        value: ref.name,
        message: `there is no Secret of this name in namespace ${ctx.namespace}; the Pods wait for it`,
        allowed: `a Secret with the key ${ref.key}`,
        brief: `Secret ${ref.name} does not exist: pods wait for it; create it with key ${ref.key}`,
        fix: `kubectl create secret generic ${ref.name} -n ${ctx.namespace} --from-literal=${ref.key}=<password>`,
      };
    }
    const near = nearest(ref.key, keys) ?? (keys.length === 1 ? keys[0] : undefined);
    return {
      path: '/spec/postgresPasswordSecretRef/key',
      value: ref.key,
      message: `Secret ${ref.name} has no such key; the Pods wait for it`,
      allowed: oneOf(keys),
      brief: `Secret ${ref.name} has no key ${ref.key}: pods wait for it; ${near ? `write ${near}` : 'create it'}`,
      fix: near ? `write ${near}` : `add the key ${ref.key} to the Secret`,
    };
  },
};
