/** The parts of the chart that follow from the list of policies and from the defaults. */
import { readFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { validatingRules } from '../../webhook/configurations.ts';
import { MODES } from '../../webhook/modes.ts';
import { POLICIES } from '../../webhook/policies/index.ts';
import { SOMETHING_TO_WRITE } from '../../webhook/something-to-write.ts';
import type { Output } from './output.ts';

const SCHEMA = 'chart/values.schema.json';

/** The schema of the values, with exactly the ids that exist under `policies`. */
export async function chartSchema(): Promise<Output> {
  const file = new URL(`../../${SCHEMA}`, import.meta.url);
  const schema = JSON.parse(readFileSync(file, 'utf8')) as {
    definitions: Record<string, object>;
    properties: Record<string, object>;
  };
  schema.definitions['policy'] = {
    type: 'object',
    additionalProperties: false,
    // YAML 1.1, which values are read as, takes a bare off for false.
    properties: { mode: { enum: [...MODES, false] } },
  };
  const ids = POLICIES.map(({ id }) => id).toSorted();
  schema.properties['policies'] = {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(ids.map((id) => [id, { $ref: '#/definitions/policy' }])),
  };
  const options = { ...(await resolveConfig(file)), filepath: SCHEMA };
  return { path: SCHEMA, content: await format(JSON.stringify(schema), options) };
}

/**
 * What the validating webhook is asked about: the union of what the policies want to see. And what the
 * role for emergencies may set aside: all policies but those that protect the operator's own rights.
 */
export function chartRules(): Output {
  const bypassable = POLICIES.filter(({ guard }) => !guard).map(({ id }) => `- ${id}`);
  const rules = validatingRules(POLICIES).map(({ operations, resources }) =>
    [
      '- apiGroups: [multigres.com]',
      '  apiVersions: [v1alpha1]',
      `  operations: [${operations.join(', ')}]`,
      `  resources: [${resources.join(', ')}]`,
      '  scope: Namespaced',
    ].join('\n'),
  );
  return {
    path: 'chart/templates/webhook/_rules.tpl',
    content: `{{- /* Made from the list of policies and the defaults by npm run generate. Do not edit. */ -}}
{{- define "multigres-operator.validatingRules" -}}
${rules.join('\n')}
{{- end -}}
{{- define "multigres-operator.somethingToWrite" -}}
- name: ${SOMETHING_TO_WRITE.name}
  expression: '${SOMETHING_TO_WRITE.expression}'
{{- end -}}
{{- define "multigres-operator.bypassablePolicies" -}}
${bypassable.toSorted().join('\n')}
{{- end -}}
`,
  };
}
