import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RuntimeEtcd } from '../../emulator/etcd.ts';

export interface Etcd {
  /** http://host:port */
  url: string;
  client: RuntimeEtcd;
  /** Ends the process as a power cut would; its data stays. */
  kill: () => Promise<void>;
  /** Starts it again on the same data and port. */
  start: () => Promise<void>;
  /** Stops its process in the middle of whatever it does; nothing breaks, nobody answers. */
  freeze: () => void;
  resume: () => void;
  /** Removes its data while it is not running. */
  wipe: () => void;
  /** Forgets all revisions before the present one. */
  compact: () => Promise<void>;
  /** How many watches it serves. */
  watchers: () => Promise<number>;
  /** Ends it and removes its data. */
  remove: () => Promise<void>;
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};

/** A real etcd of one member on loopback: the program named by ETCD, else the one on PATH. */
export const startEtcd = async (): Promise<Etcd> => {
  const data = mkdtempSync(join(tmpdir(), 'multigres-etcd-'));
  const [clientPort, peerPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${clientPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const client = new RuntimeEtcd({ endpoints: [url], timeoutMs: 1000 });
  const args = ['--data-dir', data, '--log-level', 'error', '--unsafe-no-fsync'];
  const urls = [
    ['--listen-client-urls', url],
    ['--advertise-client-urls', url],
    ['--listen-peer-urls', peer],
    ['--initial-advertise-peer-urls', peer],
    ['--initial-cluster', `default=${peer}`],
  ].flat();
  let stop = async (): Promise<void> => {};
  let signal: (name: NodeJS.Signals) => void = () => {};
  const start = async (): Promise<void> => {
    const child = spawn(process.env['ETCD'] ?? 'etcd', [...args, ...urls], { stdio: 'ignore' });
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    signal = (name) => child.kill(name);
    stop = async () => {
      child.kill('SIGKILL');
      await ended;
    };
    for (let attempt = 0; attempt < 100; attempt++) {
      if (
        await client.get('/').then(
          () => true,
          () => false,
        )
      )
        return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await stop();
    throw new Error('etcd did not answer within 10 s: is the program named by ETCD there?');
  };
  await start();
  return {
    url,
    client,
    start,
    kill: () => stop(),
    freeze: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    wipe: () => rmSync(data, { recursive: true, force: true }),
    compact: async () => {
      const { revision } = await client.snapshot('/');
      const answer = await fetch(`${url}/v3/kv/compaction`, {
        method: 'POST',
        body: JSON.stringify({ revision, physical: true }),
      });
      if (!answer.ok) throw new Error(`compaction: ${await answer.text()}`);
    },
    watchers: async () => {
      const text = await (await fetch(`${url}/metrics`)).text();
      return Number(/^etcd_debugging_mvcc_watcher_total (\d+)/m.exec(text)?.[1] ?? NaN);
    },
    remove: async () => {
      await stop();
      client.close();
      rmSync(data, { recursive: true, force: true });
    },
  };
};
