import type { Policy } from '../policy.ts';

export const namesFit: Policy = {
  id: 'names-fit',
  code: 'MG004',
  kinds: ['MultigresCluster'],
  operations: ['CREATE'],
  mode: 'deny',
  summary: 'The name of a cluster can begin the name of a Service.',
  description: `Services such as \`<cluster>-multigateway\` carry the name of the cluster as it is, and
the name of a Service must be a DNS label: lower-case letters, digits and hyphens, beginning with a
letter. The general rule for object names also allows dots and a digit in front; such a cluster
could never be reached. The limit of 25 characters is checked by the schema.`,
  good: `metadata:
  name: orders-eu`,
  bad: `metadata:
  name: 1st.cluster`,
  check({ name }) {
    if (/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name)) return [];
    const fixed = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
    const proposal = fixed.replace(/^[^a-z]*/, '').replace(/-+$/, '');
    return {
      path: '/metadata/name',
      value: name,
      message: 'Services could not carry this name',
      allowed: 'lower-case letters, digits and hyphens, beginning with a letter',
      fix: `use another name, for example ${proposal === '' ? 'demo' : proposal}`,
    };
  },
};
