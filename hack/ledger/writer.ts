/** One client: numbered rows, one after the other, on one connection for as long as that lives. */
import { lookup } from 'node:dns/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { LEDGER_TABLE, type LedgerRecord, type WriterSettings } from './records.ts';

type Note = (record: LedgerRecord) => void;

/** Between two attempts to connect. */
const RETRY_MS = 100;
const DNS_MS = 1_000;

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'none';
const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The Service's address; the last one known while DNS does not answer. */
export function resolver(host: string): () => Promise<string> {
  let known: string | undefined;
  return async () => {
    const asked = lookup(host, 4).then(({ address }) => (known = address));
    asked.catch(() => undefined);
    if (known === undefined) return await asked;
    return await Promise.race([asked, sleep(DNS_MS).then(() => known ?? host)]).catch(
      () => known ?? host,
    );
  };
}

interface Link {
  client: pg.Client;
  port: number;
  /** Set once the connection is of no more use. */
  dead: boolean;
  /** A statement is under way: its error tells of a lost connection. */
  busy: boolean;
}

async function connect(
  settings: WriterSettings,
  address: string,
  number: number,
  note: Note,
): Promise<Link> {
  const client = new pg.Client({
    host: address,
    port: settings.port,
    user: 'postgres',
    database: 'postgres',
    password: settings.password,
    application_name: `ledger-${number}`,
    connectionTimeoutMillis: settings.timeoutMs,
    query_timeout: settings.timeoutMs,
    keepAlive: true,
  });
  const link: Link = { client, port: 0, dead: false, busy: true };
  const over = (text: string): void => {
    if (!link.dead && !link.busy)
      note({ kind: 'lost', at: Date.now(), client: number, port: link.port, text });
    link.dead = true;
  };
  client.on('error', (error) => over(textOf(error)));
  client.on('end', () => over('the connection ended'));
  try {
    await client.connect();
  } catch (error) {
    drop(link);
    throw error;
  }
  link.port = socketOf(client)?.localPort ?? 0;
  link.busy = false;
  note({ kind: 'connected', at: Date.now(), client: number, port: link.port });
  return link;
}

interface Socket {
  localPort?: number;
  destroy(): void;
}
const socketOf = (client: pg.Client): Socket | undefined =>
  (client as unknown as { connection?: { stream?: Socket } }).connection?.stream;

/** Without a farewell: whoever is at the other end may never answer. */
function drop(link: Link): void {
  link.dead = true;
  socketOf(link.client)?.destroy();
}

const CREATE = `CREATE TABLE IF NOT EXISTS ${LEDGER_TABLE} (
  run text, client int, seq bigint, at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (run, client, seq))`;
const INSERT = `INSERT INTO ${LEDGER_TABLE} (run, client, seq) VALUES ($1, $2, $3)`;

/** Two at once may collide in the catalog: the loser tries again. */
async function createTable(client: pg.Client): Promise<void> {
  await client.query(CREATE).catch(() => client.query(CREATE));
}

/** Runs until `signal` aborts. A number is never used twice, whatever became of its row. */
export async function write(
  settings: WriterSettings,
  number: number,
  note: Note,
  signal: AbortSignal,
): Promise<void> {
  const address = resolver(settings.host);
  let link: Link | undefined;
  let created = false;
  for (let seq = 1; !signal.aborted;) {
    if (link === undefined || link.dead) {
      try {
        link = await connect(settings, await address(), number, note);
        if (!created) await createTable(link.client);
        created = true;
      } catch (error) {
        if (link) drop(link);
        link = undefined;
        note({
          kind: 'refused',
          at: Date.now(),
          client: number,
          code: codeOf(error),
          text: textOf(error),
        });
        await sleep(RETRY_MS);
        continue;
      }
    }
    const startedAt = Date.now();
    try {
      link.busy = true;
      await link.client.query(INSERT, [settings.run, number, seq]);
      note({ kind: 'acknowledged', at: Date.now(), client: number, seq });
    } catch (error) {
      const at = Date.now();
      const [code, text] = [codeOf(error), textOf(error)];
      note({ kind: 'failed', at, startedAt, client: number, seq, port: link.port, code, text });
      // an error of the server leaves the connection usable; anything else ends it
      if (!(error instanceof pg.DatabaseError) || isFatal(error)) {
        drop(link);
      }
    }
    link.busy = false;
    seq++;
    await sleep(settings.pauseMs);
  }
  if (link) drop(link);
}

const isFatal = (error: pg.DatabaseError): boolean =>
  error.severity === 'FATAL' || error.severity === 'PANIC';
