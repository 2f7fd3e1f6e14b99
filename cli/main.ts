import { readFileSync } from 'node:fs';
import { decodeText } from './files.ts';
import { run } from './run.ts';

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await run(process.argv.slice(2), {
  stdin: () => decodeText(readFileSync(0)),
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  // the client of the Kubernetes API is loaded only when it is needed: it is most of the start
  readLive: async (asked, inputs) => {
    const { readLive } = await import('./live.ts');
    return readLive(asked, inputs);
  },
});
