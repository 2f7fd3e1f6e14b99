import { durationMs } from '../schemas/duration.ts';
import { MODES, modeFrom } from './modes.ts';
import type { Mode, ModeOverrides, Policy } from './policies/policy.ts';
import type { PolicySettings } from './policies/world.ts';

/** What the operator of this installation decided about the policies. */
export interface PolicyConfig {
  modes: ModeOverrides;
  settings: PolicySettings;
}

export const BUILTIN_CONFIG: PolicyConfig = { modes: {}, settings: {} };

/** Keys of the ConfigMap: `mode.<id of a policy>` and `setting.<name>`. */
const MODE_KEY = 'mode.';
const SETTING_KEY = 'setting.';

interface Setting {
  field: keyof PolicySettings;
  allowed: string;
  /** Undefined for a text that is no value. */
  read(text: string): boolean | number | undefined;
}

/** By name in the ConfigMap and under `policySettings` of the chart. An empty text is as good as none. */
const SETTINGS: Readonly<Record<string, Setting>> = {
  strictZones: flag('strictZones'),
  deletionProtection: flag('deletionProtection'),
  backupMaxAge: {
    field: 'backupMaxAgeMs',
    allowed: 'a duration above 0 such as 24h or 90m',
    read: (text) => {
      const ms = durationMs(text);
      return ms !== undefined && ms > 0 ? ms : undefined;
    },
  },
};

/**
 * Reads the data of the ConfigMap, entry by entry: one that is broken is reported and keeps the
 * value it had `before`, the others count. Absent data is a configuration without entries.
 */
export function readPolicyConfig(
  data: Readonly<Record<string, string>> | undefined,
  before: PolicyConfig,
  policies: readonly Policy[],
): { config: PolicyConfig; problems: string[] } {
  const modes: Record<string, Mode> = {};
  const settings: Record<string, unknown> = {};
  const problems: string[] = [];
  const wrong = (key: string, value: string, why: string) =>
    problems.push(`${key}: ${JSON.stringify(value.slice(0, 80))}: ${why}`);
  for (const [key, value] of Object.entries(data ?? {})) {
    if (key.startsWith(MODE_KEY)) {
      const id = key.slice(MODE_KEY.length);
      const mode = modeFrom(value) ?? before.modes[id];
      if (!policies.some((policy) => policy.id === id)) {
        wrong(key, value, `there is no policy ${id}; docs/policies.md lists them`);
        continue;
      }
      if (!modeFrom(value)) wrong(key, value, `allowed: ${MODES.join(', ')}`);
      if (mode) modes[id] = mode;
      continue;
    }
    const name = key.startsWith(SETTING_KEY) ? key.slice(SETTING_KEY.length) : '';
    const setting = Object.hasOwn(SETTINGS, name) ? SETTINGS[name] : undefined;
    if (!setting) {
      wrong(key, value, `there is no such key; allowed: ${keysAllowed()}`);
      continue;
    }
    if (value === '') continue;
    const read = setting.read(value);
    if (read === undefined) wrong(key, value, `allowed: ${setting.allowed}`);
    const kept = read ?? before.settings[setting.field];
    if (kept !== undefined) settings[setting.field] = kept;
  }
  return { config: { modes, settings: settings as PolicySettings }, problems };
}

function keysAllowed(): string {
  const names = Object.keys(SETTINGS).map((name) => `${SETTING_KEY}${name}`);
  return [`${MODE_KEY}<id of a policy>`, ...names].join(', ');
}

function flag(field: keyof PolicySettings): Setting {
  return {
    field,
    allowed: 'true, false',
    read: (text) => (text === 'true' || text === 'false' ? text === 'true' : undefined),
  };
}
