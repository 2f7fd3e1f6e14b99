import type { Condition, KubeObject } from '../../schemas/k8s.ts';
import { condition } from './conditions.ts';

/** Do the storage classes that the spec names exist? Undefined names stand for the default class. */
export const storageClassCondition = (
  wanted: readonly (string | undefined)[],
  classes: readonly KubeObject[],
  generation: number | undefined,
): Condition => {
  const named = [...new Set(wanted.filter((name) => name !== undefined))].toSorted();
  const known = new Set(classes.map((entry) => entry.metadata.name));
  const missing = named.filter((name) => !known.has(name));
  const say = (ok: boolean, reason: string, text: string): Condition =>
    condition('StorageClassValid', ok, reason, text, generation);
  if (missing.length > 0) {
    const fix = `create ${missing.length > 1 ? 'them' : 'it'}, or name one of: ${[...known].toSorted().join(', ') || 'none exists'}`;
    const text = `StorageClass ${missing.join(', ')} does not exist: ${fix}`;
    return say(false, 'StorageClassNotFound', text);
  }
  return named.length > 0
    ? say(true, 'StorageClassFound', `StorageClass ${named.join(', ')}`)
    : say(true, 'StorageClassNotSpecified', "The cluster's default class is used");
};
