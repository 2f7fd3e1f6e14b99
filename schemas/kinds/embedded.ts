import { embedded } from './dsl.ts';

export const affinity = embedded('Affinity');
export const condition = embedded('Condition');
export const localObjectReference = embedded('LocalObjectReference');
export const resourceRequirements = embedded('ResourceRequirements');
export const toleration = embedded('Toleration');
