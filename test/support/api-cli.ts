import { stringify } from 'yaml';
import { judgeManifest, type ManifestFinding } from '../../cli/judge.ts';
import { lintDocuments } from '../../cli/lint.ts';
import type { KubeObject } from '../../schemas/k8s.ts';
import { segmentsOfPointer } from '../../schemas/paths.ts';
import { describe } from '../../cli/judge.ts';
import type { ApiCase } from './api-cases.ts';
import {
  distinct,
  isIntercepted,
  operationOf,
  storedBefore,
  TRUSTED,
  type Outcome,
} from './api-outcome.ts';
import { NAMESPACE } from './api-cases.ts';
import { worldOf } from './worlds.ts';

type Judged = Pick<ApiCase, 'input' | 'old' | 'request' | 'world'>;

/**
 * Judges a case as the command line does: the object as YAML text, the stored object and the world as
 * `--against-cluster` would find them. What no manifest in a file can ask for (a deletion, a request
 * past our webhooks) goes to the function behind the command. Undefined for requests to subresources,
 * of which the command knows nothing.
 */
export function commandOutcome(item: Judged): Outcome | undefined {
  const { input, request, world } = item;
  if (request.subresource !== undefined) return undefined;
  const old = storedBefore(item);
  const options = {
    namespace: NAMESPACE,
    trustedUsers: TRUSTED,
    ...(request.user === undefined ? {} : { user: request.user }),
  };
  const operation = operationOf(item);
  if (operation === 'DELETE' || !isIntercepted(request) || request.edited === true) {
    const { findings, stored } = judgeManifest(input, {
      ...options,
      operation,
      webhooks: isIntercepted(request),
      world: worldOf(world),
      ...(old ? { old } : {}),
    });
    return { ...outcomeOf(findings), ...(stored ? { stored } : {}) };
  }
  const { findings, failures } = lintDocuments(
    [{ name: 'input.yaml', text: stringify(input, { version: '1.1' }) }],
    {
      ...options,
      live: {
        stored: () => old && asApplied(old),
        worldOf: () => worldOf(world),
        modesIn: () => ({}),
        mayBypass: () => new Map(),
      },
    },
  );
  if (failures.length > 0) throw new Error(JSON.stringify(failures));
  return outcomeOf(findings);
}

/** Written by an apply that said all of it: what the file of a case lacks shall be gone, as after a PUT. */
function asApplied(old: KubeObject): KubeObject {
  const last = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(old) };
  const annotations = { ...old.metadata.annotations, ...last };
  return { ...old, metadata: { ...old.metadata, annotations } };
}

/** The API server stops at what the schema says; the command goes on to the policies. */
function outcomeOf(findings: readonly ManifestFinding[]): Outcome {
  const schema = findings.filter(
    ({ severity, policy }) => severity === 'error' && policy === undefined,
  );
  const codes = (severity: ManifestFinding['severity']) =>
    distinct(findings.flatMap((one) => (one.policy && one.severity === severity ? one.check : [])));
  const denied = codes('error');
  const warned = codes('warning');
  const text = findings.map(describe).join('\n');
  if (schema.length > 0) {
    const at = schema.map(({ path }) => segmentsOfPointer(path).join('.'));
    return { verdict: 'denied', by: 'schema', at, denied: [], warned: [], text };
  }
  if (denied.length > 0) return { verdict: 'denied', by: 'webhook', at: [], denied, warned, text };
  return { verdict: warned.length > 0 ? 'warned' : 'allowed', at: [], denied, warned, text };
}
