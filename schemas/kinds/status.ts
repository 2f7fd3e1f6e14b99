import { type Field, int64, list, optional } from './dsl.ts';
import { condition } from './embedded.ts';
import { phase, text } from './scalars.ts';

/** What the status of every kind begins with. */
export const commonStatus: Record<string, Field> = {
  observedGeneration: optional(int64(), 'Generation of the spec that this status is about.'),
  conditions: optional(
    list(condition, { listType: 'map', key: 'type' }),
    'What is so and what is not, each with a reason.',
  ),
  phase: optional(phase, 'The state in one word.'),
  message: optional(text, 'The state in one sentence.'),
};

/** jsonPath of the status of one condition. */
export const conditionPath = (type: string): string =>
  `.status.conditions[?(@.type=='${type}')].status`;
