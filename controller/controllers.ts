import type { Controller } from './manager.ts';

/** All controllers of this process. */
export const controllers: readonly Controller[] = [];
