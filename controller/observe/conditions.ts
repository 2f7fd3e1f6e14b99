import type { Condition } from '../../schemas/k8s.ts';

/** Longest message of a condition that the API server takes. */
const MAX_MESSAGE = 32_768;

/** A condition before anybody knows since when it holds: the applier settles the time. */
export const condition = (
  type: string,
  status: boolean | 'Unknown',
  reason: string,
  message: string,
  observedGeneration?: number,
): Condition => ({
  type,
  status: status === 'Unknown' ? 'Unknown' : status ? 'True' : 'False',
  reason,
  message: message.slice(0, MAX_MESSAGE),
  lastTransitionTime: '1970-01-01T00:00:00Z',
  ...(observedGeneration === undefined ? {} : { observedGeneration }),
});

/** Conditions of what was seen at one generation of the object that they are about. */
export const asOf = (generation: number | undefined, conditions: Condition[]): Condition[] =>
  generation === undefined
    ? conditions
    : conditions.map((entry) => ({ ...entry, observedGeneration: generation }));

export const findCondition = (
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | undefined => conditions?.find((entry) => entry.type === type);

export const isTrue = (conditions: readonly Condition[] | undefined, type: string): boolean =>
  findCondition(conditions, type)?.status === 'True';
