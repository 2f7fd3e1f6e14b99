/** docs/options.md, from the tables of the programs. */
import { OPTIONS, PASSED_ENV } from '../../controller/options.ts';
import { SWEEP_OPTIONS } from '../../controller/sweep/options.ts';
import { type OptionTable, variableOf } from '../../kube/options.ts';
import { WEBHOOK_OPTIONS } from '../../webhook/options.ts';
import type { Output } from './output.ts';

export const options = (): Output => ({
  path: 'docs/options.md',
  content: [
    '<!-- Made from the options.ts of controller, webhook and sweep: change those, then run the generator. -->',
    '',
    '# Options',
    '',
    'A flag wins over its environment variable, which wins over the default.',
    'Durations are written as `90s`, `10m` or `1h30m`; lists are separated by commas.',
    '',
    '## Controller',
    '',
    ...tableOf(OPTIONS),
    '',
    'Also read from the environment:',
    '',
    '| Variable | Meaning |',
    '| --- | --- |',
    ...PASSED_ENV.map(({ name, summary }) => `| \`${name}\` | ${summary} |`),
    '',
    '## Webhook',
    '',
    ...tableOf(WEBHOOK_OPTIONS),
    '',
    '## Sweep of volumes',
    '',
    ...tableOf(SWEEP_OPTIONS),
    '',
  ].join('\n'),
});

const tableOf = (table: OptionTable): string[] => [
  '| Flag | Environment | Type | Default | Meaning |',
  '| --- | --- | --- | --- | --- |',
  ...Object.values(table).map((def) => {
    const type = typeof def.type === 'string' ? def.type : def.type.join(' \\| ');
    const value = def.default === '' ? '' : `\`${def.default}\``;
    return `| \`--${def.flag}\` | \`${variableOf(def)}\` | ${type} | ${value} | ${def.summary} |`;
  }),
];
