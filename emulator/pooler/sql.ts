/** Queries to the pod's own postgres over its unix socket, as the superuser. */
import pg from 'pg';
import type { Layout } from '../pgctld/layout.ts';

export type Row = Record<string, unknown>;

/** One lazily opened connection; a failure drops it and the next query opens another. */
export class Sql {
  private readonly layout: Layout;
  private readonly name: string;
  private client: pg.Client | undefined;
  private opening: Promise<pg.Client> | undefined;

  constructor(layout: Layout, name: string) {
    this.layout = layout;
    this.name = name;
  }

  /** @param timeoutMs limit of the query in milliseconds; none waits for ever, as with a frozen server */
  async query<R extends Row = Row>(
    text: string,
    values: unknown[] = [],
    timeoutMs?: number,
  ): Promise<R[]> {
    const work = async (): Promise<R[]> => {
      const client = await this.connection();
      return (await client.query<R>(text, values)).rows;
    };
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      if (timeoutMs === undefined) return;
      timer = setTimeout(
        () => reject(new Error(`no answer from postgres in ${timeoutMs} ms`)),
        timeoutMs,
      );
    });
    try {
      return await Promise.race([work(), limit]);
    } catch (error) {
      // A server error leaves the connection usable; anything else does not.
      if (!(error instanceof pg.DatabaseError) || error.code === '57P01') this.drop();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The first row. @throws Error when there is none */
  async one<R extends Row = Row>(
    text: string,
    values: unknown[] = [],
    timeoutMs?: number,
  ): Promise<R> {
    const [row] = await this.query<R>(text, values, timeoutMs);
    if (!row) throw new Error(`no row from: ${text}`);
    return row;
  }

  private async connection(): Promise<pg.Client> {
    if (this.client) return this.client;
    this.opening ??= this.open().finally(() => (this.opening = undefined));
    return this.opening;
  }

  private async open(): Promise<pg.Client> {
    const { socketDir, pgPort, user, password } = this.layout;
    const client = new pg.Client({
      host: socketDir,
      port: pgPort,
      user,
      password,
      database: 'postgres',
      application_name: this.name,
    });
    client.on('error', () => this.drop(client));
    client.on('end', () => this.drop(client));
    await client.connect();
    this.client = client;
    return client;
  }

  /** Forgets the connection, e.g. because the server was stopped. */
  drop(which: pg.Client | undefined = this.client): void {
    if (!which) return;
    if (this.client === which) this.client = undefined;
    which.end().catch(() => {});
  }
}

/** One ALTER SYSTEM statement; an undefined value resets. */
export function alterSystem(name: string, value: string | undefined): string {
  return value === undefined
    ? `ALTER SYSTEM RESET ${name}`
    : `ALTER SYSTEM SET ${name} = '${value.replaceAll("'", "''")}'`;
}
