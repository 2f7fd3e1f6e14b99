import type { Change } from './store.ts';
export type ChangeHandler = (change: Change) => void;
