import type { KubeObject, Pod } from '../../../schemas/k8s.ts';
import { ANNOTATIONS, LABELS, MANAGED_BY } from '../../../schemas/labels.ts';
import { names } from '../../../schemas/names.ts';
import type { RuleNumber } from '../../../controller/topo/types.ts';

export const ruleOf = (text: string): RuleNumber => {
  const [coordinator_term = '0', leader_subterm = '0'] = text.split('.');
  return { coordinator_term, leader_subterm };
};
export const cellOf = (name: string): string => `zone-${name.charAt(0)}`;
export const idOf = (name: string) => ({
  component: 'MULTIPOOLER' as const,
  cell: cellOf(name),
  name: names.poolerId(name),
});

export const labels = { [LABELS.managedBy]: MANAGED_BY, [LABELS.pool]: 'default' };

export const podOf = (name: string, hash: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'ns',
    labels,
    annotations: { [ANNOTATIONS.specHash]: hash },
  },
  spec: { containers: [{ name: 'multipooler', image: 'multipooler:1' }] },
});

export const objectOf = (kind: string, name: string): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'ns', labels },
  spec: {},
});

export const indexOf = (name: string): number => Number(name.slice(1) || 1) - 1;
