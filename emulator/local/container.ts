/**
 * One "container" on this machine: a process in a mount and PID namespace of its own inside a root file system
 * of overlay layers, so that paths, users and "kill the container" are as in a pod. Linux and root only.
 */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Mount {
  /** Path on this machine. */
  from: string;
  /** Path inside; must exist there. */
  to: string;
}

export interface ContainerOptions {
  /** Root file system, already mounted; seen read-only but for the mounts. */
  root: string;
  mounts: readonly Mount[];
  env: Readonly<Record<string, string>>;
  uid: number;
  command: readonly string[];
  /** Output is appended here. */
  logFile: string;
}

const SCRIPT = `
set -e
R=$1; U=$2; N=$3; shift 3
mount --bind "$R" "$R"; mount -o remount,bind,ro "$R"
mount -t proc proc "$R/proc"
mount --rbind /dev "$R/dev"
while [ "$N" -gt 0 ]; do mount --bind "$1" "$R$2"; shift 2; N=$((N-1)); done
exec env -i /usr/sbin/chroot --userspec="$U:$U" "$R" /usr/bin/env "$@"
`;

function run(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stderr}`);
}

/** Mounts layers (top first) as a writable root. @param dir folder for the changes; `dir`/root is the result */
export function mountRoot(layers: readonly string[], dir: string): string {
  const root = join(dir, 'root');
  for (const name of ['root', 'upper', 'work']) mkdirSync(join(dir, name), { recursive: true });
  const options = `lowerdir=${layers.join(':')},upperdir=${join(dir, 'upper')},workdir=${join(dir, 'work')}`;
  run('mount', '-t', 'overlay', 'overlay', '-o', options, root);
  return root;
}

export function unmountRoot(root: string): void {
  spawnSync('umount', ['-R', '-l', root]);
}

/** A running container. */
export class Container {
  /** The namespace's first process, as numbered outside; killing it takes everything inside along. */
  readonly pid: number;

  private constructor(pid: number) {
    this.pid = pid;
  }

  static async start(o: ContainerOptions): Promise<Container> {
    mkdirSync(dirname(o.logFile), { recursive: true });
    const log = openSync(o.logFile, 'a');
    const child = spawn(
      'unshare',
      [
        ...['-m', '-p', '-f', 'bash', '-c', SCRIPT, 'container', o.root, String(o.uid)],
        ...[String(o.mounts.length), ...o.mounts.flatMap(({ from, to }) => [from, to])],
        ...[...Object.entries(o.env).map(([name, value]) => `${name}=${value}`), ...o.command],
      ],
      { stdio: ['ignore', log, log], detached: true },
    );
    closeSync(log);
    child.unref();
    const limit = Date.now() + 5000;
    while (Date.now() < limit) {
      const first = firstChild(child.pid ?? 0);
      if (first) return new Container(first);
      if (child.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`container did not start: ${o.command.join(' ')}; see ${o.logFile}`);
  }

  get alive(): boolean {
    try {
      // A zombie waits for its parent and is gone for everybody else.
      return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${this.pid}/stat`, 'utf8'));
    } catch {
      return false;
    }
  }

  signal(name: NodeJS.Signals): void {
    try {
      process.kill(this.pid, name);
    } catch {
      // Gone already.
    }
  }

  /** @throws Error when it still lives after the limit */
  async gone(limitMs: number): Promise<void> {
    const limit = Date.now() + limitMs;
    while (this.alive) {
      if (Date.now() > limit)
        throw new Error(`process ${this.pid} still lives after ${limitMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** kill -9 of everything inside. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.gone(5000);
  }
}

function firstChild(pid: number): number | undefined {
  const file = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(file)) return undefined;
  const found = readFileSync(file, 'utf8').trim().split(' ')[0];
  return found ? Number(found) : undefined;
}
