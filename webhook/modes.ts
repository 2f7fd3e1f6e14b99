import { POLICY_LABEL_PREFIX } from '../schemas/labels.ts';
import { configuredMode } from './policies/run.ts';
import type { Mode, ModeOverrides, Policy } from './policies/policy.ts';

export const MODES: readonly Mode[] = ['deny', 'warn', 'off'];

/** How much a mode stops. */
const STRENGTH: Record<Mode, number> = { off: 0, warn: 1, deny: 2 };

/** The modes in force in one namespace. */
export interface NamespaceModes {
  modes: ModeOverrides;
  /** What is wrong with the labels, for whoever writes objects there. */
  warnings: readonly string[];
}

/** Undefined for what is no mode. */
export function modeFrom(text: unknown): Mode | undefined {
  return MODES.find((mode) => mode === text);
}

/**
 * The modes of a namespace: its own labels `policies.multigres.com/<id>` win over what is configured
 * for the installation, which wins over a policy's own mode. A label that cannot be read, or that
 * would lower a policy which only the installation may lower, counts for nothing and is told.
 */
export function resolveModes(
  policies: readonly Policy[],
  configured: ModeOverrides,
  namespace: string,
  labels: Readonly<Record<string, string>>,
): NamespaceModes {
  const own: Record<string, Mode> = {};
  const warnings: string[] = [];
  for (const [label, value] of Object.entries(labels)) {
    if (!label.startsWith(POLICY_LABEL_PREFIX)) continue;
    const id = label.slice(POLICY_LABEL_PREFIX.length);
    const policy = policies.find((one) => one.id === id);
    const mode = modeFrom(value);
    const ignored = (why: string) =>
      warnings.push(`label ${label}=${value} of namespace ${namespace} is ignored: ${why}`);
    if (!policy) ignored('there is no such policy; docs/policies.md lists them');
    else if (!mode) ignored(`allowed: ${MODES.join(', ')}`);
    else if (policy.guard && STRENGTH[mode] < STRENGTH[configuredMode(policy, configured)]) {
      ignored(`only the chart (policies.${id}.mode) lowers this policy`);
    } else own[id] = mode;
  }
  const none = Object.keys(own).length === 0;
  return { modes: none ? configured : { ...configured, ...own }, warnings };
}
