import { pino, destination } from 'pino';

/** Structured logging: fields first, then a short text. Fields are never object bodies or secrets. */
export interface Log {
  debug(fields: object, message?: string): void;
  info(fields: object, message?: string): void;
  warn(fields: object, message?: string): void;
  error(fields: object, message?: string): void;
  /** A log whose lines all carry `fields`. */
  child(fields: object): Log;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Fields that are blanked wherever they stand in a line, one level deep or at the top. */
export const REDACTED = ['password', 'token', 'authorization', 'data', 'stringData', 'secret'];

/**
 * JSON lines, written synchronously so that the last line before an exit is not lost.
 * @param write where lines go; standard output when absent
 */
export function createLog(level: LogLevel, write?: (line: string) => void): Log {
  return pino(
    {
      level,
      base: null,
      messageKey: 'msg',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED.flatMap((key) => [key, `*.${key}`]), censor: '[redacted]' },
      serializers: { err: errorFields },
    },
    write ? { write } : destination({ fd: 1, sync: true }),
  );
}

/** What is logged of an error: no bodies, the stack only for errors that nobody foresaw. */
export function errorFields(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const known = 'class' in error && error.class !== 'bug';
  return {
    message: error.message,
    ...('class' in error ? { class: error.class } : {}),
    ...('status' in error ? { status: error.status } : {}),
    ...(known ? {} : { stack: error.stack }),
    ...(error.cause instanceof Error ? { cause: error.cause.message } : {}),
  };
}
