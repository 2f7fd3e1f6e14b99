import { fstatSync } from 'node:fs';
import { decodeText } from './files.ts';
import { type ExitCode, run } from './run.ts';

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

/** All of standard input, however long its writer takes: a read that does not wait fails with EAGAIN. */
async function readStdin(): Promise<string> {
  // which Node takes for an empty file
  if (fstatSync(0).isDirectory()) throw new Error('it is a folder');
  const pieces: Buffer[] = [];
  for await (const piece of process.stdin) pieces.push(piece as Buffer);
  return decodeText(Buffer.concat(pieces));
}

async function main(): Promise<ExitCode> {
  try {
    return await run(process.argv.slice(2), {
      stdin: readStdin,
      out: (text) => process.stdout.write(text),
      err: (text) => process.stderr.write(text),
      folder: () => process.cwd(),
      // the client of the Kubernetes API is loaded only when it is needed: it is most of the start
      readLive: async (asked, inputs) => {
        const { readLive } = await import('./live.ts');
        return readLive(asked, inputs);
      },
    });
  } catch (error) {
    // a fault of ours is no verdict: 1 would say that something is denied
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`internal error, please report it: ${text}\n`);
    return 2;
  }
}

process.exitCode = await main();
