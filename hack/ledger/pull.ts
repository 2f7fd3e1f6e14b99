/** Fetches the ledger's records from its pod, again and again, and learns which gateway carries which connection. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeApi } from '../../kube/api.ts';
import { PORTS } from '../../schemas/ports.ts';
import { onNode } from '../lib/nodes.ts';
import { readConntrack } from './gateways.ts';
import { LEDGER_NAMESPACE } from './pod.ts';
import { LEDGER_PORT, type LedgerRecord, type RecordsAnswer } from './records.ts';

export interface Source {
  /** All records fetched so far, in this machine's time. */
  records: readonly LedgerRecord[];
  /** Fetches what is new. Rejects while the API server or the pod do not answer: nothing is lost by that. */
  pull: () => Promise<void>;
  /** Address of the gateway behind a client's local port. */
  gatewayOf: (port: number) => string | undefined;
  stop: () => Promise<void>;
}

export interface SourceOptions {
  api: KubeApi;
  /** Name, address and node of the ledger's pod. */
  pod: string;
  ip: string;
  node: string;
}

const PULL_MS = 1_000;

export function openSource({ api, pod, ip, node }: SourceOptions): Source {
  const records: LedgerRecord[] = [];
  const gateways = new Map<number, string>();
  let next = 0;
  let offsetMs = 0;

  const fetchOnce = async (): Promise<void> => {
    const path = `/api/v1/namespaces/${LEDGER_NAMESPACE}/pods/${pod}:${LEDGER_PORT}/proxy/records?after=${next}`;
    const sent = Date.now();
    const answer = (await api.raw('GET', path)) as RecordsAnswer;
    // the clocks differ where the engine runs in a machine of its own
    if (next === 0) offsetMs = Math.round((sent + Date.now()) / 2 - answer.now);
    next = answer.next;
    for (const record of answer.records) records.push({ ...record, at: record.at + offsetMs });
    if (answer.records.some(({ kind }) => kind === 'connected')) await learnGateways();
  };
  const learnGateways = async (): Promise<void> => {
    const port = `${PORTS.multigateway.postgres}`;
    const table = await onNode(node, ['conntrack', '-L', '-p', 'tcp', '--dport', port]);
    for (const [from, gateway] of readConntrack(table, ip)) gateways.set(from, gateway);
  };
  // one at a time: each answer says from where the next one goes on
  let pulling: Promise<void> = Promise.resolve();
  const pull = (): Promise<void> => {
    pulling = pulling.catch(() => undefined).then(fetchOnce);
    return pulling;
  };
  const stopped = new AbortController();
  const background = (async () => {
    while (!stopped.signal.aborted) {
      await pull().catch(() => undefined);
      await sleep(PULL_MS);
    }
  })();
  return {
    records,
    pull,
    gatewayOf: (port) => gateways.get(port),
    stop: async () => {
      stopped.abort();
      await background;
    },
  };
}
