/** One thing that is wrong with an object, in the words of its author. */
export interface Problem {
  /** JSON path from the object's root, as `spec.cells[1].cellTemplate`. */
  path: string;
  /** The offending value. Never of a Secret. */
  value?: unknown;
  /** What is wrong and what is allowed. One sentence. */
  message: string;
  /** What to change. One sentence. */
  fix: string;
}

/** `path: message; fix` in one line, for logs, events and admission answers. */
export const problemText = (problem: Problem): string => {
  const value = problem.value === undefined ? '' : ` (value ${JSON.stringify(problem.value)})`;
  return `${problem.path}: ${problem.message}${value}; ${problem.fix}`;
};
