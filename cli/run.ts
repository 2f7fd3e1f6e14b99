import { explainDocuments } from './explain/explain.ts';
import { renderExplainJson, renderExplainText } from './explain/render.ts';
import type { Failure, Input } from './documents.ts';
import { readFiles } from './files.ts';
import { type LintResult, lintDocuments, strictly } from './lint.ts';
import {
  type ExplainCommand,
  type LintCommand,
  parseArguments,
  type PoliciesCommand,
} from './options.ts';
import {
  findPolicy,
  noSuchPolicy,
  renderPoliciesJson,
  renderPolicy,
  renderPolicyList,
} from './policies.ts';
import { render, renderText } from './report/report.ts';
import { compact } from '../schemas/compact.ts';
import { textOf } from '../schemas/text.ts';
import { POLICIES } from '../webhook/policies/index.ts';
import type { LiveState } from './world.ts';

/** What the program needs of the world outside. */
interface Surroundings {
  /** All of standard input. */
  stdin(): Promise<string>;
  out(text: string): void;
  err(text: string): void;
  /** The folder that relative names of files start from, as an absolute path. */
  folder(): string;
  /** Reads what stands in the cluster about the objects of the inputs. */
  readLive(asked: LintCommand | ExplainCommand, inputs: readonly Input[]): Promise<Live>;
}

/** A cluster, as far as it matters for the inputs. */
export interface Live {
  state: LiveState;
  /** Of the kubeconfig's context. */
  namespace?: string;
  user?: string;
  /** What could not be read, in words. */
  notes: string[];
}

export type ExitCode = 0 | 1 | 2;

/** The whole program but for reading standard input and talking to clusters. */
export async function run(args: readonly string[], around: Surroundings): Promise<ExitCode> {
  const asked = parseArguments(args);
  if (asked.command === 'say') {
    if (asked.code === 0) around.out(asked.text);
    else around.err(asked.text);
    return asked.code;
  }
  if (asked.command === 'policies') return tellPolicies(asked, around);
  const { inputs, failures } = await readFiles(asked.files, {
    stdin: () => around.stdin(),
    recursive: asked.recursive,
  });
  let live: Live | undefined;
  try {
    live = asked.againstCluster ? await around.readLive(asked, inputs) : undefined;
  } catch (error) {
    around.err(`cannot read the cluster: ${textOf(error)}\n`);
    return 2;
  }
  for (const note of live?.notes ?? []) around.err(`note: ${note}\n`);
  const read: Read = { inputs, failures, live };
  return asked.command === 'lint' ? lint(asked, read, around) : explain(asked, read, around);
}

function tellPolicies({ names, format }: PoliciesCommand, around: Surroundings): ExitCode {
  const wrong = names.filter((name) => !findPolicy(POLICIES, name));
  for (const name of wrong) around.err(`error: ${noSuchPolicy(POLICIES, name)}\n`);
  if (wrong.length > 0) return 2;
  const named = names.flatMap((name) => findPolicy(POLICIES, name) ?? []);
  const shown = named.length > 0 ? named : POLICIES;
  if (format === 'json') around.out(renderPoliciesJson(shown));
  else if (named.length === 0) around.out(renderPolicyList(shown));
  else around.out(named.map(renderPolicy).join('\n'));
  return 0;
}

interface Read {
  inputs: Input[];
  failures: Failure[];
  live: Live | undefined;
}

const optionsOf = (asked: LintCommand | ExplainCommand, live: Live | undefined) =>
  compact({
    namespace: asked.namespace ?? live?.namespace,
    user: live?.user,
    live: live?.state,
    modes: asked.command === 'lint' ? asked.modes : undefined,
  });

function lint(asked: LintCommand, { failures, ...read }: Read, around: Surroundings): ExitCode {
  const judged = lintDocuments(read.inputs, optionsOf(asked, read.live));
  const all = [...failures, ...judged.failures];
  const { docsUrl, strict, format } = asked;
  const result: LintResult = {
    ...(strict ? strictly(judged) : judged),
    ...(all.length > 0 ? { verdict: 'failed', failures: all } : {}),
  };
  around.out(render(result, format, compact({ folder: around.folder(), docsUrl })));
  if (all.length > 0) return 2;
  return result.verdict === 'denied' ? 1 : 0;
}

function explain(asked: ExplainCommand, read: Read, around: Surroundings): ExitCode {
  const explained = explainDocuments(read.inputs, optionsOf(asked, read.live));
  const result = { ...explained, failures: [...read.failures, ...explained.failures] };
  const { clusters, findings } = result;
  around.out(asked.format === 'json' ? renderExplainJson(result) : renderExplainText(result));
  const unread = result.failures.length > 0;
  if (asked.format === 'text' && (unread || findings.length > 0))
    around.err(renderText({ ...result, objects: [], verdict: 'failed' }, { summary: false }));
  if (unread) return 2;
  if (findings.length > 0) return 1;
  if (clusters.length > 0) return 0;
  around.err('there is no MultigresCluster to explain\n');
  return 2;
}
