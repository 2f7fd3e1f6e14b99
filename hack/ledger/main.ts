/** The program in the ledger's pod: its clients write, and its records can be fetched over HTTP. */
import { createServer } from 'node:http';
import { followTopology } from './etcd-watch.ts';
import { LEDGER_PORT, type LedgerRecord, type WriterSettings } from './records.ts';
import { write } from './writer.ts';

const settings = JSON.parse(process.env['LEDGER'] ?? '{}') as WriterSettings;
const stop = new AbortController();
/** Records from number `first` on; those before were fetched. */
let kept: LedgerRecord[] = [];
let first = 0;
const note = (record: LedgerRecord): void => void kept.push(record);

const server = createServer((request, response) => {
  const after = Number(new URL(request.url ?? '/', 'http://ledger').searchParams.get('after') ?? 0);
  // whoever asks for later ones has the earlier ones
  kept = kept.slice(Math.max(0, after - first));
  first = Math.max(first, after);
  const answer = { now: Date.now(), next: first + kept.length, records: kept };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
});
server.listen(LEDGER_PORT);
process.once('SIGTERM', () => {
  stop.abort();
  process.exit(0);
});

const { etcd, prefix } = settings;
await Promise.all([
  ...Array.from({ length: settings.clients }, (_, client) =>
    write(settings, client, note, stop.signal),
  ),
  ...(etcd && prefix ? [followTopology(etcd, prefix, note, stop.signal)] : []),
]);
