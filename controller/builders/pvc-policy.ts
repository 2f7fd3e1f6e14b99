export { effectivePvcPolicy, mergePvcPolicy } from '../../schemas/resolve/pvc-policy.ts';
