import type { OptionTable } from '../../kube/options.ts';
import { OPTIONS } from '../options.ts';

/** Every setting of the sweep. */
export const SWEEP_OPTIONS = {
  watchNamespaces: OPTIONS.watchNamespaces,
  logLevel: OPTIONS.logLevel,
  retention: {
    flag: 'retention',
    type: 'duration',
    min: 3_600_000,
    default: '720h',
    summary: 'How long a volume without a pod is kept. At least 1h.',
  },
  dryRun: {
    flag: 'dry-run',
    type: 'boolean',
    default: 'false',
    summary: 'Only tell what would be deleted.',
  },
} as const satisfies OptionTable;
