/**
 * The entry of a map that people choose the keys of. A plain lookup would also find what every object
 * has: `constructor` is a valid name of a Secret, a template or a pool.
 */
export const own = <T>(
  record: Readonly<Record<string, T>> | undefined,
  key: string,
): T | undefined => (record && Object.hasOwn(record, key) ? record[key] : undefined);
