import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { POLICIES } from '../webhook/policies/index.ts';
import type { Mode, ModeOverrides } from '../webhook/policies/policy.ts';
import { findPolicy, noSuchPolicy } from './policies.ts';
import { type Format, FORMATS } from './report/report.ts';
import { VERSION } from './version.ts';

/** What both commands take. */
export interface CommonOptions {
  files: string[];
  recursive: boolean;
  againstCluster: boolean;
  kubeconfig?: string;
  context?: string;
  namespace?: string;
}

export interface LintCommand extends CommonOptions {
  command: 'lint';
  format: Format;
  strict: boolean;
  modes: ModeOverrides;
  docsUrl?: string;
}

export interface ExplainCommand extends CommonOptions {
  command: 'explain';
  format: 'text' | 'json';
}

/** Tells of the policies themselves; all of them if none is named. */
export interface PoliciesCommand {
  command: 'policies';
  names: string[];
  format: 'text' | 'json';
}

/** What the arguments ask for. `say`: print this and end with this code. */
type Asked =
  LintCommand | ExplainCommand | PoliciesCommand | { command: 'say'; text: string; code: 0 | 2 };

const MODES: readonly Mode[] = ['deny', 'warn', 'off'];

const HELP_WIDTH = 100;

const EXAMPLES = `
Examples:
  kubectl multigres lint cluster.yaml templates/
  kubectl kustomize overlays/prod | kubectl multigres lint - --format sarif
  kubectl multigres lint cluster.yaml --against-cluster
  kubectl multigres explain cluster.yaml templates/
  kubectl multigres policies MG029

Exit codes: 0 accepted (warnings are allowed), 1 denied, 2 could not run.`;

/** Reads the arguments (without node and the script). Pure: says what to print instead of printing it. */
export function parseArguments(args: readonly string[]): Asked {
  let asked: Asked | undefined;
  let text = '';
  const program = new Command('kubectl-multigres')
    .description(
      'Judges and explains Multigres manifests the way the API server and the operator will.',
    )
    .version(VERSION, '--version', 'print the version')
    .helpCommand('help [command]', 'display help for a command')
    .showSuggestionAfterError()
    .configureHelp({ optionDescription: ({ description }) => description })
    .exitOverride()
    .configureOutput({
      writeOut: (out) => (text += out),
      writeErr: (out) => (text += out),
      getOutHelpWidth: () => HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
    })
    .addHelpText('after', EXAMPLES);

  common(program.command('lint'))
    .description(
      'tell whether the API server would accept the objects of multigres.com, and why not',
    )
    .addOption(
      new Option('-o, --format <format>', `form of the answer: ${FORMATS.join(', ')}`)
        .choices(FORMATS)
        .default('text'),
    )
    .option('--strict', 'exit with 1 for warnings too', false)
    .option(
      '--mode <policy=mode>',
      `deny, warn or off for one policy, as set in the cluster; may be repeated`,
      collectMode,
      {},
    )
    .option('--docs-url <url>', 'address of the docs folder, for links in SARIF', readUrl)
    .action(
      (
        files: string[],
        options: Given<LintCommand> & { mode: ModeOverrides },
        command: Command,
      ) => {
        const { mode, ...rest } = options;
        asked = { command: 'lint', ...commonOf(files, rest, command), modes: mode };
      },
    );

  common(program.command('explain'))
    .description(
      'show a cluster with templates and defaults applied, where each value comes from, and what its shards survive',
    )
    .addOption(outputFormat())
    .action((files: string[], options: Given<ExplainCommand>, command: Command) => {
      asked = { command: 'explain', ...commonOf(files, options, command) };
    });

  program
    .command('policies')
    .argument('[policy...]', 'ids or codes (write-headroom, MG029); all if absent')
    .description('list the policies, or tell all of one: why, what passes, how to set it')
    .addOption(outputFormat())
    .action((names: string[], { format }: { format: 'text' | 'json' }) => {
      asked = { command: 'policies', names, format };
    });

  for (const command of program.commands)
    command.exitOverride().configureOutput(program.configureOutput());
  try {
    program.parse([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { command: 'say', text, code: error.exitCode === 0 ? 0 : 2 };
  }
  return asked ?? { command: 'say', text: program.helpInformation(), code: 2 };
}

const outputFormat = (): Option =>
  new Option('-o, --format <format>', 'form of the answer')
    .choices(['text', 'json'])
    .default('text');

const common = (command: Command): Command =>
  command
    .argument(
      '[file...]',
      'manifests; - for standard input; of a folder its *.yaml, *.yml and *.json',
    )
    .option(
      '-f, --filename <file>',
      'the same, as kubectl wants it; may be repeated',
      (file: string, before: string[]) => [...before, file],
      [],
    )
    .option('-R, --recursive', 'read the folders in folders too', false)
    .option(
      '--against-cluster',
      'judge with what is in the current cluster: stored objects, templates, Nodes, volumes',
      false,
    )
    .option('--kubeconfig <file>', 'kubeconfig file, instead of KUBECONFIG or ~/.kube/config')
    .option('--context <name>', 'context of the kubeconfig')
    .option('-n, --namespace <name>', 'namespace of objects that name none');

/** Options as the parser hands them over: files may come with `-f` too. */
type Given<T> = Omit<T, 'command' | 'files'> & { filename: string[] };

function commonOf<T extends Given<CommonOptions>>(
  named: readonly string[],
  { filename, ...rest }: T,
  command: Command,
): Omit<T, 'filename'> & { files: string[] } {
  const files = [...named, ...filename];
  const fail = (text: string) => command.error(`error: ${text}`, { exitCode: 2 });
  if (files.length === 0) fail('name a file, a folder, or - for standard input');
  for (const option of ['kubeconfig', 'context'] as const)
    if (rest[option] !== undefined && !rest.againstCluster)
      fail(`--${option} says which cluster, and without --against-cluster none is asked`);
  return { files, ...rest };
}

function collectMode(text: string, before: ModeOverrides): ModeOverrides {
  const at = text.indexOf('=');
  const [name, mode] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
  const policy = findPolicy(POLICIES, name);
  if (!policy) throw new InvalidArgumentError(`${sentence(noSuchPolicy(POLICIES, name))}.`);
  const known = MODES.find((one) => one === mode);
  if (!known) throw new InvalidArgumentError(`Use ${name}=${MODES.join(`, ${name}=`)}.`);
  return { ...before, [policy.id]: known };
}

const sentence = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

function readUrl(text: string): string {
  if (URL.canParse(text)) return text;
  throw new InvalidArgumentError('Give a whole address, as https://example.com/docs/.');
}
