/** `--name=value` for each value that is there, in the given order. */
export const flags = (values: Record<string, string | number | boolean | undefined>): string[] =>
  Object.entries(values).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [`--${name}=${value}`],
  );
