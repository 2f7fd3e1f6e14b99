/** pgBackRest's certificates between the poolers. */
import type { Planner } from './planner.ts';

export const planCertificates: Planner = ({ certificatesDue }) =>
  certificatesDue
    ? { actions: [{ kind: 'certificates', reason: 'missing, or not looked at for an hour' }] }
    : {};
