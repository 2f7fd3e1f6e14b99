/** Placeholder until the role is written. */
import type { RunRole } from './role.ts';

/** Runs the role until the process is told to stop. */
export const runMultiadmin: RunRole = () => Promise.reject(new Error('not written yet'));
