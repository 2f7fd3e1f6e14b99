/** Recorded states of a shard, for tests. */
import { readFileSync } from 'node:fs';

export interface Capture {
  state: string;
  takenAt: string;
  records: { type: string; key: string; value: string }[];
  status: Record<string, string>;
  shardStatus?: Record<string, string>;
}

const FOLDER = new URL('../../fixtures/captures/', import.meta.url);

export const readCapture = (state: string): Capture =>
  JSON.parse(readFileSync(new URL(`${state}.json`, FOLDER), 'utf8')) as Capture;

export const bytesOf = (base64: string): Buffer => Buffer.from(base64, 'base64');
