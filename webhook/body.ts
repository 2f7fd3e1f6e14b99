import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import express from 'express';
import type { Request, RequestHandler } from 'express';
import { withoutBookkeeping } from './bookkeeping.ts';
import { HttpError } from './refusal.ts';
import { ReviewError } from './review.ts';

const JSON_TYPE = 'application/json';
/** With or without parameters. */
const TYPED_JSON = /^\s*application\/json\s*(;|$)/i;

/**
 * Whether a request is of the form that the API server sends: JSON in a plain body whose length it
 * tells. Node's parser sees to it that the length is true.
 */
export function isPlain({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'POST' &&
    headers['content-type'] === JSON_TYPE &&
    headers['content-encoding'] === undefined &&
    Number(headers['content-length']) > 0
  );
}

/** The body of such a request. Rejects when the client goes away, or is cut off for being slow. */
export function readPlain(req: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.once('end', () => {
      resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
      // The connection keeps this request until the next one, and the request its listeners.
      chunks.length = 0;
    });
    req.once('error', (error: Error) => reject(Object.assign(error, { type: 'request.aborted' })));
  });
}

/** Reads any body of at most `limit` bytes into `req.body`: unpacked, of unknown length. */
export function readAny(limit: number): RequestHandler[] {
  return [requireJson, express.raw({ limit, type: JSON_TYPE })];
}

function requireJson(req: Request, _res: unknown, next: () => void): void {
  const type = req.get('content-type') ?? '';
  if (!TYPED_JSON.test(type)) throw new HttpError(415, `Content-Type must be ${JSON_TYPE}`);
  const charset = /charset="?([^\s;"]+)/i.exec(type)?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw Object.assign(new Error(`the charset ${charset} is not UTF-8`), { status: 415 });
  }
  next();
}

/**
 * The JSON of a body, decoded at once: for a review that takes half the time of decoding it piece by
 * piece. No bytes are no body. Throws ReviewError for what is no JSON in UTF-8.
 */
export function parseBody(bytes: Buffer | undefined): unknown {
  if (bytes === undefined) return undefined;
  if (!isUtf8(bytes)) throw new ReviewError('the request body is not valid UTF-8');
  try {
    return JSON.parse(withoutBookkeeping(bytes));
  } catch {
    throw new ReviewError('the request body is not valid JSON');
  }
}

/** The JSON of such a body with the bookkeeping that `parseBody` leaves out. */
export const parseWhole = (bytes: Buffer): unknown => JSON.parse(bytes.toString('utf8'));
