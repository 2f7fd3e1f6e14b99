import { pino, destination, type Logger } from 'pino';

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
type LogLevel = (typeof LOG_LEVELS)[number];

/** Fields that are blanked wherever they stand in a line, one level deep or at the top. */
export const REDACTED = ['password', 'token', 'authorization', 'data', 'stringData', 'secret'];

const SECRET_FIELDS = new Set(REDACTED);
const CENSOR = '[redacted]';

/**
 * JSON lines, written synchronously so that the last line before an exit is not lost.
 * @param write where lines go; standard output when absent
 */
export function createLog(level: LogLevel, write?: (line: string) => void): Log {
  const logger = pino(
    {
      level,
      base: null,
      messageKey: 'msg',
      timestamp: isoTime,
      // pino's own way to redact copies every field of every line, a tenth of all garbage of a review
      formatters: { level: (label) => ({ level: label }), log: redacted },
      serializers: { err: errorFields },
    },
    write ? { write } : destination({ fd: 1, sync: true }),
  );
  return withCleanChildren(logger);
}

let second = NaN;
let upToSecond = '';

/** As pino's own, which makes a text of the whole date each time: a quarter of the cost of a line. */
function isoTime(): string {
  const now = Date.now();
  const current = Math.floor(now / 1000);
  if (current !== second) {
    second = current;
    upToSecond = new Date(current * 1000).toISOString().slice(0, -4);
  }
  return `,"time":"${upToSecond}${String(now % 1000).padStart(3, '0')}Z"`;
}

/** What a child adds to its lines passes no formatter. */
function withCleanChildren(logger: Logger): Log {
  return Object.assign(Object.create(logger) as Logger, {
    child: (fields: Fields) => withCleanChildren(logger.child(redacted(fields))),
  });
}

type Fields = Record<string, unknown>;
type Blank = (key: string, value: unknown) => unknown;

/** The fields of a line without what must not be read; the same object if there is nothing of it. */
const redacted = (fields: Fields): Fields => replaced(fields, blankAtTop);

const blank: Blank = (key, value) => (SECRET_FIELDS.has(key) ? CENSOR : value);

const blankAtTop: Blank = (key, value) => {
  // What an error shows is chosen by its serializer.
  const whole = typeof value !== 'object' || value === null || value instanceof Error;
  return blank(key, whole ? value : replaced(value as Fields, blank));
};

function replaced(fields: Fields, by: Blank): Fields {
  let clean = fields;
  for (const key in fields) {
    const value = by(key, fields[key]);
    if (value === fields[key]) continue;
    if (clean === fields) clean = { ...fields };
    clean[key] = value;
  }
  return clean;
}

/** What is logged of an error: no bodies, the stack only for errors that nobody foresaw. */
function errorFields(error: unknown): Record<string, unknown> {
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
