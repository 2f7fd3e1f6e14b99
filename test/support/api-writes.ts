/** How often an API server was asked to change something, by its own count. */
import { setTimeout as sleep } from 'node:timers/promises';
import { KINDS } from '../../schemas/k8s.ts';

const VERBS = ['APPLY', 'CREATE', 'DELETE', 'DELETECOLLECTION', 'PATCH', 'POST', 'PUT', 'UPDATE'];
/** The lease of the leader election is renewed every 2 s, and is meant to be. */
const RESOURCES: string[] = Object.values(KINDS)
  .filter(({ kind }) => kind !== 'Lease')
  .map(({ plural }) => plural);

/**
 * Write requests to the kinds that we read or write, by "verb resource/subresource", from the text of
 * the API server's /metrics. `mine` tells which of them count, where other programs write as well.
 */
export function writesIn(
  metrics: string,
  mine: (label: Record<string, string>) => boolean = () => true,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [, labels = '', value] of metrics.matchAll(
    /^apiserver_request_total\{(.*)\} (\S+)$/gm,
  )) {
    const label = Object.fromEntries(
      [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', text = '']) => [name, text]),
    );
    const { verb = '', resource = '', subresource = '' } = label;
    if (!VERBS.includes(verb) || !RESOURCES.includes(resource) || !mine(label)) continue;
    const key = `${verb} ${resource}${subresource && `/${subresource}`}`;
    counts.set(key, (counts.get(key) ?? 0) + Number(value));
  }
  return counts;
}

/** What was written between two looks. */
export function writesBetween(
  before: Map<string, number>,
  after: Map<string, number>,
): Record<string, number> {
  const changed = [...after].map(([key, count]): [string, number] => [
    key,
    count - (before.get(key) ?? 0),
  ]);
  return Object.fromEntries(changed.filter(([, count]) => count !== 0));
}

/** The counts after so many ms, when nothing was written meanwhile. */
export async function quietFor(
  ms: number,
  writes: () => Promise<Map<string, number>>,
): Promise<Map<string, number> | undefined> {
  const first = await writes();
  await sleep(ms);
  const second = await writes();
  return Object.keys(writesBetween(first, second)).length === 0 ? second : undefined;
}
