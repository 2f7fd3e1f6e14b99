/** One JSON line per event on standard error, shaped like the runtime's structured log. */
export interface Log {
  info(msg: string, fields?: Record<string, unknown>): void;
  warn(msg: string, fields?: Record<string, unknown>): void;
  error(msg: string, fields?: Record<string, unknown>): void;
  debug(msg: string, fields?: Record<string, unknown>): void;
}

const LEVELS = ['debug', 'info', 'warn', 'error'];

/** @param level lowest level that is written @param base fields of every line, e.g. service and shard */
export function createLog(
  level: string,
  base: Record<string, unknown>,
  write: (line: string) => void = (line) => void process.stderr.write(line),
): Log {
  const lowest = Math.max(0, LEVELS.indexOf(level));
  const at = (name: string) => (msg: string, fields?: Record<string, unknown>) => {
    if (LEVELS.indexOf(name) < lowest) return;
    const line = {
      time: new Date().toISOString(),
      level: name.toUpperCase(),
      msg,
      ...base,
      ...fields,
    };
    write(JSON.stringify(line, (_, v: unknown) => (v instanceof Error ? v.message : v)) + '\n');
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
