/** The postmaster as a child process: initdb, start, stop, reload, pg_rewind. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Log } from '../log.ts';
import { sleep } from '../role.ts';
import { DEFAULT_HBA, serverSettings, shellWords } from './config.ts';
import { hasDataDir, toolEnv, type Layout } from './layout.ts';

const run = promisify(execFile);

export interface PostgresOptions {
  layout: Layout;
  listenAddresses: string;
  hbaTemplate: string;
  initdbArgs: string;
  extraConf: string | undefined;
  /** Limit of a start in seconds. */
  timeoutSeconds: number;
  env: NodeJS.ProcessEnv;
  log: Log;
}

export interface PostgresStatus {
  hasDataDir: boolean;
  /** The postmaster lives (it may be frozen or still recovering). */
  running: boolean;
  /** Accepts connections, as far as postmaster.pid says. */
  ready: boolean;
}

/** The runtime stops with `fast` and, when that takes too long, with `immediate`. */
export type StopMode = 'fast' | 'immediate';

export class Postgres {
  private readonly o: PostgresOptions;
  private child: ChildProcess | undefined;

  constructor(options: PostgresOptions) {
    this.o = options;
  }

  status(): PostgresStatus {
    const running = this.child !== undefined;
    return {
      hasDataDir: hasDataDir(this.o.layout),
      running,
      ready: running && this.state() === 'ready',
    };
  }

  /** State word of postmaster.pid: starting, stopping, standby (recovering, no connections yet) or ready. */
  private state(): string {
    try {
      return (
        readFileSync(join(this.o.layout.pgData, 'postmaster.pid'), 'utf8').split('\n')[7]?.trim() ??
        ''
      );
    } catch {
      return '';
    }
  }

  /** Makes a new cluster. @throws Error when there is one */
  async initDataDir(): Promise<void> {
    const { layout, env, initdbArgs, extraConf } = this.o;
    if (hasDataDir(layout)) throw new Error('data directory already initialized');
    const passwordFile = join(layout.poolerDir, '.initdb-password');
    writeFileSync(passwordFile, `${layout.password}\n`, { mode: 0o600 });
    try {
      await run(
        'initdb',
        [
          ...['-D', layout.pgData, '-U', layout.user, `--pwfile=${passwordFile}`, '--no-sync'],
          ...['--auth-local=scram-sha-256', '--auth-host=scram-sha-256', '--encoding=UTF8'],
          ...['--locale=en_US.UTF-8', ...shellWords(initdbArgs)],
        ],
        { env: toolEnv(layout, env), maxBuffer: 1 << 20 },
      );
    } finally {
      rmSync(passwordFile, { force: true });
    }
    const archive = `pgbackrest --config=${layout.backrestConf} --stanza=multigres archive-push %p`;
    appendFileSync(join(layout.pgData, 'postgresql.conf'), serverSettings(archive, extraConf));
  }

  /** Starts and waits until connections are accepted. @param standby starts in recovery @throws Error when it does not come up */
  async start(standby: boolean): Promise<void> {
    const { layout, log, env } = this.o;
    if (!hasDataDir(layout)) throw new Error('data directory not initialized');
    if (this.child) return;
    const hba = this.o.hbaTemplate ? readFileSync(this.o.hbaTemplate, 'utf8') : DEFAULT_HBA;
    writeFileSync(join(layout.pgData, 'pg_hba.conf'), hba, { mode: 0o600 });
    if (standby) writeFileSync(join(layout.pgData, 'standby.signal'), '', { mode: 0o600 });
    this.dropStaleLocks();
    const child = spawn(
      'postgres',
      [
        ...['-D', layout.pgData, '-p', String(layout.pgPort), '-k', layout.socketDir],
        ...['-c', `listen_addresses=${this.o.listenAddresses}`],
      ],
      { env: toolEnv(layout, env), stdio: ['ignore', 'inherit', 'inherit'] },
    );
    this.child = child;
    child.once('exit', (code, signal) => {
      if (this.child === child) this.child = undefined;
      log.info('PostgreSQL exited', { code, signal });
    });
    child.once('error', (error) => {
      if (this.child === child) this.child = undefined;
      log.error('PostgreSQL could not be run', { error });
    });
    const limit = Date.now() + this.o.timeoutSeconds * 1000;
    while (this.child === child && Date.now() < limit) {
      if (this.state() === 'ready')
        return log.info('PostgreSQL started', { pid: child.pid, standby });
      await sleep(50);
    }
    throw new Error(
      this.child === child
        ? `failed to start PostgreSQL: not ready after ${this.o.timeoutSeconds} s`
        : 'failed to start PostgreSQL: PostgreSQL failed to become ready: PostgreSQL process not running',
    );
  }

  /** Lock files of a container that died: its process numbers mean other processes now. */
  private dropStaleLocks(): void {
    const { layout } = this.o;
    for (const file of [
      join(layout.pgData, 'postmaster.pid'),
      join(layout.socketDir, `.s.PGSQL.${layout.pgPort}.lock`),
      join(layout.socketDir, `.s.PGSQL.${layout.pgPort}`),
    ]) {
      if (existsSync(file)) rmSync(file, { force: true });
    }
  }

  /** Stops within `timeoutMs`; false when it still runs then. */
  async stop(mode: StopMode, timeoutMs: number): Promise<boolean> {
    const child = this.child;
    if (!child) return true;
    const gone = once(child, 'exit').then(() => true);
    child.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
    const limit = new AbortController();
    const ended = await Promise.race([gone, sleep(timeoutMs, limit.signal).then(() => false)]);
    limit.abort();
    return ended;
  }

  reload(): void {
    this.child?.kill('SIGHUP');
  }

  /** Makes the stopped data directory follow another server. @returns pg_rewind's output */
  async rewind(host: string, port: number): Promise<string> {
    const { layout, env } = this.o;
    if (this.child) throw new Error('PostgreSQL must be stopped before pg_rewind');
    const source = `host=${host} port=${port} user=${layout.user} dbname=postgres connect_timeout=5`;
    this.dropStaleLocks();
    const { stdout, stderr } = await run(
      'pg_rewind',
      [`--target-pgdata=${layout.pgData}`, `--source-server=${source}`, '--no-sync'],
      { env: toolEnv(layout, env), maxBuffer: 4 << 20 },
    );
    return `${stdout}${stderr}`.trim();
  }
}
