/** pgctld: owns the postmaster of a pool pod and runs pgBackRest's server beside it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Flags } from './flags.ts';
import { serveGrpc, unary } from './grpc.ts';
import { startHttp } from './http.ts';
import {
  PGCTLD_SERVICE,
  type RewindRequest,
  type StartRequest,
  type StopRequest,
} from './internal.ts';
import { createLog, type Log } from './log.ts';
import { backrestServerConf } from './pgctld/config.ts';
import { prepareFolders, readLayout, toolEnv, type Layout } from './pgctld/layout.ts';
import { Postgres } from './pgctld/postgres.ts';
import { sleep, untilSignal, type RunRole } from './role.ts';

/** Keeps `pgbackrest server` running until the signal; it is started again 2 s after it ends. */
function keepBackrestServer(
  flags: Flags,
  layout: Layout,
  env: NodeJS.ProcessEnv,
  log: Log,
  stopped: AbortSignal,
): void {
  const certDir = flags.text('pgbackrest-cert-dir');
  if (!certDir) return;
  const conf = join(layout.backrestDir, 'pgbackrest-server.conf');
  const listen = flags.text('pg-listen-addresses').split(',')[0] ?? '*';
  writeFileSync(
    conf,
    backrestServerConf({
      address: listen === '*' ? '0.0.0.0' : listen,
      port: flags.number('pgbackrest-port'),
      certDir,
      dir: layout.backrestDir,
    }),
  );
  let child: ChildProcess | undefined;
  const start = (): void => {
    child = spawn('pgbackrest', ['server', `--config=${conf}`], {
      env: toolEnv(layout, env),
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const again = (): void => {
      child = undefined;
      if (!stopped.aborted) void sleep(2000, stopped).then(() => !stopped.aborted && start());
    };
    child.once('error', (error) => {
      log.warn('pgbackrest server could not be run', { error });
      again();
    });
    child.once('exit', again);
  };
  stopped.addEventListener('abort', () => child?.kill('SIGTERM'));
  start();
}

export const runPgctld: RunRole = async (flags, env) => {
  if (flags.words[0] !== 'server') throw new Error('pgctld: the only command here is "server"');
  const told = untilSignal();
  const layout = readLayout(flags.text('pooler-dir'), flags.number('pg-port'), env);
  const log = createLog(flags.text('log-level'), { service: 'pgctld' });
  prepareFolders(layout);
  const postgres = new Postgres({
    layout,
    listenAddresses: flags.text('pg-listen-addresses'),
    hbaTemplate: flags.text('pg-hba-template'),
    initdbArgs: env['POSTGRES_INITDB_ARGS'] ?? '',
    extraConf: env['POSTGRES_INITDB_EXTRA_CONF'],
    timeoutSeconds: flags.number('timeout'),
    env,
    log,
  });
  let accepting = false;
  await startHttp({
    role: 'pgctld',
    address: flags.text('bind-address'),
    port: flags.number('http-port'),
    config: flags.all,
    ready: () => accepting,
    unknown: 404,
  });
  const done = { done: true };
  const socketFile = flags.text('grpc-socket-file');
  const server = await serveGrpc({
    address: flags.text('grpc-bind-address'),
    port: flags.number('grpc-port'),
    ...(socketFile ? { socketFile } : {}),
    services: [
      {
        definition: PGCTLD_SERVICE,
        implementation: {
          status: unary(() => postgres.status()),
          initDataDir: unary(() => postgres.initDataDir().then(() => done)),
          start: unary((q: StartRequest) => postgres.start(q.standby).then(() => done)),
          stop: unary(async (q: StopRequest) => ({
            stopped: await postgres.stop(q.mode, q.timeoutMs),
          })),
          reload: unary(() => {
            postgres.reload();
            return done;
          }),
          rewind: unary(async (q: RewindRequest) => ({
            output: await postgres.rewind(q.host, q.port),
          })),
          wipe: unary(() => {
            if (postgres.status().running) throw new Error('PostgreSQL must be stopped first');
            rmSync(layout.pgData, { recursive: true, force: true });
            return done;
          }),
        },
      },
    ],
  });
  accepting = true;
  const stopped = new AbortController();
  keepBackrestServer(flags, layout, env, log, stopped.signal);
  log.info('pgctld serving', { pooler_dir: layout.poolerDir });
  const signal = await told;
  log.info('stopping', { signal });
  stopped.abort();
  if (!(await postgres.stop('fast', 10_000))) await postgres.stop('immediate', 5_000);
  server.stop();
  return 0;
};
