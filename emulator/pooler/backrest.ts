/** pgBackRest: the repository of the shard, its configuration and its commands. Stanza `multigres`, one repository. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { BackupLocation } from '../../controller/topo/types.ts';
import { toolEnv, type Layout } from '../pgctld/layout.ts';

const run = promisify(execFile);

/** One entry of `pgbackrest info`, as far as it is read. */
export interface BackupInfo {
  label: string;
  type: 'full' | 'diff' | 'incr';
  error: boolean | null;
  lsn?: { start?: string; stop?: string };
  info?: { size?: number };
  timestamp?: { start?: number; stop?: number };
  annotation?: Record<string, string>;
}

/** Another pooler's postgres, reached over pgBackRest's TLS server. */
export interface RemoteHost {
  host: string;
  port: number;
  certFile: string;
  keyFile: string;
  caFile: string;
}

export interface BackrestOptions {
  layout: Layout;
  env: NodeJS.ProcessEnv;
  /** JSON file {"1": "<passphrase>"}; empty when the repository is not encrypted. */
  cipherKeyFile: string;
}

/** Lines of the repository's options. @throws Error for a location that cannot be used */
export function repositoryLines(
  location: BackupLocation,
  env: NodeJS.ProcessEnv,
  passphrase: string | undefined,
): string[] {
  if (location.require_initial_repo_encryption && !passphrase) {
    throw new Error(
      'the backup location requires encryption, but there is no --pgbackrest-cipher-key-file',
    );
  }
  const cipher = passphrase
    ? ['repo1-cipher-type=aes-256-cbc', `repo1-cipher-pass=${passphrase}`]
    : [];
  if (location.filesystem?.path) return [`repo1-path=${location.filesystem.path}`, ...cipher];
  const { s3 } = location;
  if (!s3?.bucket) throw new Error('the Database record has no backup location');
  const lines = [
    'repo1-type=s3',
    `repo1-path=/${s3.key_prefix ? `${s3.key_prefix.replace(/^\/+|\/+$/g, '')}/` : ''}multigres`,
    `repo1-s3-bucket=${s3.bucket}`,
    `repo1-s3-region=${s3.region || env['AWS_REGION'] || 'us-east-1'}`,
    `repo1-s3-endpoint=${(s3.endpoint || 's3.amazonaws.com').replace(/^\w+:\/\//, '')}`,
  ];
  if (s3.endpoint) lines.push('repo1-s3-uri-style=path', 'repo1-storage-verify-tls=n');
  if (s3.use_env_credentials) {
    lines.push(`repo1-s3-key=${env['AWS_ACCESS_KEY_ID'] ?? ''}`);
    lines.push(`repo1-s3-key-secret=${env['AWS_SECRET_ACCESS_KEY'] ?? ''}`);
    if (env['AWS_SESSION_TOKEN']) lines.push(`repo1-s3-token=${env['AWS_SESSION_TOKEN']}`);
  } else {
    lines.push(`repo1-s3-key-type=${env['AWS_WEB_IDENTITY_TOKEN_FILE'] ? 'web-id' : 'auto'}`);
  }
  return [...lines, ...cipher];
}

export class Backrest {
  private readonly o: BackrestOptions;

  constructor(options: BackrestOptions) {
    this.o = options;
  }

  /** Writes the configuration for a location. The generation other than 1 belongs to a rotated repository, which is not imitated. */
  configure(location: BackupLocation): void {
    const { layout, env, cipherKeyFile } = this.o;
    const generation = Number(location.authoritative_generation ?? 0);
    if (generation > 1) throw new Error(`unsupported authoritative_generation ${generation}`);
    const keys = cipherKeyFile
      ? (JSON.parse(readFileSync(cipherKeyFile, 'utf8')) as Record<string, string>)
      : {};
    const dir = layout.backrestDir;
    const lines = [
      '[global]',
      ...repositoryLines(location, env, keys['1']),
      'repo1-retention-full=7',
      'repo1-retention-diff=1',
      'repo1-retention-history=0',
      'start-fast=y',
      'compress-type=zst',
      'log-level-file=off',
      'log-level-console=warn',
      'log-level-stderr=off',
      `log-path=${dir}/log`,
      `lock-path=${dir}/lock`,
      `spool-path=${dir}/spool`,
      '',
      '[multigres]',
      `pg1-path=${layout.pgData}`,
      `pg1-port=${layout.pgPort}`,
      `pg1-socket-path=${layout.socketDir}`,
      `pg1-user=${layout.user}`,
      'pg1-database=postgres',
      '',
    ];
    writeFileSync(layout.backrestConf, lines.join('\n'), { mode: 0o600 });
  }

  private async command(args: readonly string[], timeoutMs: number): Promise<string> {
    const { layout, env } = this.o;
    try {
      const { stdout } = await run(
        'pgbackrest',
        [`--config=${layout.backrestConf}`, '--stanza=multigres', ...args],
        { env: toolEnv(layout, env), timeout: timeoutMs, maxBuffer: 16 << 20 },
      );
      return stdout;
    } catch (error) {
      const { stdout, stderr } = error as { stdout?: string; stderr?: string };
      throw new Error(`pgbackrest ${args[0]} failed: ${`${stdout ?? ''}${stderr ?? ''}`.trim()}`, {
        cause: error,
      });
    }
  }

  /** All backups of the repository, oldest first; empty when there is no stanza yet. @throws Error when it cannot be read */
  async list(): Promise<BackupInfo[]> {
    const text = await this.command(['info', '--output=json'], 30_000);
    const stanzas = JSON.parse(text) as {
      backup?: BackupInfo[];
      status?: { code: number; message: string };
    }[];
    const code = stanzas[0]?.status?.code ?? 1;
    // 0 ok, 1 no stanza path, 2 no valid backups, 3 no stanza data
    if (code > 3) throw new Error(`repository unreadable: ${stanzas[0]?.status?.message}`);
    return stanzas[0]?.backup ?? [];
  }

  createStanza(): Promise<string> {
    return this.command(['stanza-create'], 15_000);
  }

  /** Turns an existing stanza to the running cluster. */
  upgradeStanza(): Promise<string> {
    return this.command(['stanza-upgrade'], 15_000);
  }

  /** Proves that archiving reaches the repository. */
  check(): Promise<string> {
    return this.command(['check'], 120_000);
  }

  /** @param type full, diff or incr @param annotations kept with the backup @param primary where the primary is, when the backup is taken on a standby */
  async backup(
    type: string,
    annotations: Record<string, string>,
    primary: RemoteHost | undefined,
    overrides: Record<string, string>,
  ): Promise<void> {
    const { layout } = this.o;
    const args = ['backup', `--type=${type}`];
    for (const [key, value] of Object.entries(annotations))
      args.push(`--annotation=${key}=${value}`);
    if (primary) {
      args.push(
        ...['--backup-standby=y', `--pg2-host=${primary.host}`, '--pg2-host-type=tls'],
        ...[`--pg2-host-port=${primary.port}`, `--pg2-host-cert-file=${primary.certFile}`],
        ...[`--pg2-host-key-file=${primary.keyFile}`, `--pg2-host-ca-file=${primary.caFile}`],
        ...[`--pg2-path=${layout.pgData}`, `--pg2-port=${layout.pgPort}`],
        ...[`--pg2-socket-path=${layout.socketDir}`, `--pg2-user=${layout.user}`],
        ...['--pg2-database=postgres', `--pg2-host-config=${layout.backrestConf}`],
      );
    }
    for (const [key, value] of Object.entries(overrides))
      args.push(`--${key.replaceAll('_', '-')}=${value}`);
    await this.command(args, 1_800_000);
  }

  /** Restores the newest complete backup as a standby that reads the archive. */
  async restore(): Promise<void> {
    await this.command(['restore', '--type=standby', '--link-all'], 1_800_000);
  }
}
