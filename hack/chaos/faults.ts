import { CONTROL_FAULTS } from './control.ts';
import type { Fault } from './fault.ts';
import { NODE_FAULTS } from './nodes.ts';
import { POD_FAULTS } from './pods.ts';
import { PROCESS_FAULTS } from './processes.ts';

export const FAULTS: readonly Fault[] = [
  ...PROCESS_FAULTS,
  ...POD_FAULTS,
  ...NODE_FAULTS,
  ...CONTROL_FAULTS,
];
