/** A generated file: its path from the root of the repository, and what shall be in it. */
export interface Output {
  path: string;
  content: string;
}
