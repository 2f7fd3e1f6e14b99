/**
 * Follows the pooler records in etcd as they change, over etcd's JSON gateway. After a break it goes on
 * where it stopped: etcd keeps its history for longer than any test lasts.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LedgerRecord } from './records.ts';

interface WatchLine {
  result?: {
    header?: { revision?: string };
    canceled?: boolean;
    compact_revision?: string;
    events?: { type?: string; kv?: { key?: string; value?: string; mod_revision?: string } }[];
  };
}

const RETRY_MS = 300;
const b64 = (text: string): string => Buffer.from(text).toString('base64');

/** The smallest key behind all that begin with `prefix`. */
const after = (prefix: string): string =>
  prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);

export async function followTopology(
  etcd: string,
  prefix: string,
  note: (record: LedgerRecord) => void,
  signal: AbortSignal,
): Promise<void> {
  const range = { key: b64(prefix), range_end: b64(after(prefix)) };
  const position: Position = {};
  while (!signal.aborted) {
    try {
      position.revision ??= await current(etcd, range, note);
      await watch(etcd, range, position, note);
    } catch {
      // etcd is away; what happens meanwhile comes later
    }
    await sleep(RETRY_MS);
  }
}

/** The revision up to which everything was heard; absent: all is to be read anew. */
interface Position {
  revision?: bigint;
}

async function watch(
  etcd: string,
  range: object,
  position: Position,
  note: (record: LedgerRecord) => void,
): Promise<void> {
  const create_request = { ...range, start_revision: String((position.revision ?? 0n) + 1n) };
  const body = JSON.stringify({ create_request });
  const answer = await fetch(`${etcd}/v3/watch`, { method: 'POST', body });
  for await (const line of lines(answer.body)) {
    const { result } = JSON.parse(line) as WatchLine;
    for (const { type, kv } of result?.events ?? []) {
      take(kv, type === 'DELETE', note);
      if (kv?.mod_revision) position.revision = BigInt(kv.mod_revision);
    }
    if (!result?.canceled) continue;
    delete position.revision; // compacted, or etcd lost its data
    return;
  }
}

type Kv = { key?: string; value?: string; mod_revision?: string };

async function current(
  etcd: string,
  range: object,
  note: (record: LedgerRecord) => void,
): Promise<bigint> {
  const answer = await fetch(`${etcd}/v3/kv/range`, {
    method: 'POST',
    body: JSON.stringify(range),
    signal: AbortSignal.timeout(3_000),
  });
  const body = (await answer.json()) as { header?: { revision?: string }; kvs?: Kv[] };
  for (const kv of body.kvs ?? []) take(kv, false, note);
  return BigInt(body.header?.revision ?? '0');
}

function take(kv: Kv | undefined, deleted: boolean, note: (record: LedgerRecord) => void): void {
  if (!kv?.key) return;
  const key = Buffer.from(kv.key, 'base64').toString();
  const value = deleted ? {} : { value: kv.value ?? '' };
  note({ kind: 'topology', at: Date.now(), key, ...value });
}

async function* lines(body: AsyncIterable<Uint8Array> | null): AsyncGenerator<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const parts = text.split('\n');
    text = parts.pop() ?? '';
    for (const part of parts) if (part.trim() !== '') yield part;
  }
}
