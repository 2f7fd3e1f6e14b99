import { enumeration, list, string } from './dsl.ts';

const label = {
  pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
  patternText: "lower-case letters, digits and '-', with a letter or digit at both ends",
};

export const databaseName = string({ name: 'DatabaseName', minLength: 1, maxLength: 30, ...label });
export const tableGroupName = string({
  name: 'TableGroupName',
  minLength: 1,
  maxLength: 25,
  ...label,
});
export const shardName = string({ name: 'ShardName', minLength: 1, maxLength: 25, ...label });
export const cellName = string({ name: 'CellName', minLength: 1, maxLength: 30, ...label });
export const cellNames = list(cellName, { listType: 'set', maxItems: 50 });

export const zoneId = string({ name: 'ZoneID', minLength: 1, maxLength: 63 });
export const region = string({ name: 'Region', minLength: 1, maxLength: 63 });
export const templateRef = string({ name: 'TemplateRef', minLength: 1, maxLength: 63 });
export const imageRef = string({ name: 'ImageRef', minLength: 1, maxLength: 512 });
export const initdbArgs = string({ name: 'InitdbArgs', maxLength: 512 });
export const rootPath = string({ minLength: 1, maxLength: 512 });
export const endpointUrl = string({ name: 'EndpointUrl', minLength: 1, maxLength: 2048 });
export const secretName253 = string({ maxLength: 253 });
export const roleName = string({ maxLength: 63 });

/** Lax on purpose, as clusters in the field rely on it: `999.1.1.1` passes. */
export const ipAddress = string({
  name: 'IPAddress',
  minLength: 3,
  maxLength: 45,
  pattern: '^(([0-9]{1,3}\\.){3}[0-9]{1,3})$|^(([0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4})$',
  patternText: 'an IPv4 address such as 192.0.2.10 or an IPv6 address such as 2001:db8::1',
});

/** Go's duration syntax without sign; both code points for micro are in use. */
export const duration = string({
  name: 'Duration',
  pattern: '^([0-9]+(\\.[0-9]+)?(ns|us|\u00b5s|\u03bcs|ms|s|m|h))+$',
  patternText: 'a duration with units ns, us, ms, s, m or h, such as 500ms or 1m30s',
});

export const logLevel = enumeration(['debug', 'info', 'warn', 'error'], 'LogLevel');
export const poolType = enumeration(['readWrite'], 'PoolType');
export const phase = enumeration(
  ['Initializing', 'Progressing', 'Healthy', 'Degraded', 'Unknown'],
  'Phase',
);
export const pvcRetention = enumeration(['Retain', 'Delete'], 'PvcRetention');
export const pullPolicy = enumeration(['Always', 'Never', 'IfNotPresent'], 'PullPolicy');

/** Any string, for fields without a rule. */
export const text = string();
