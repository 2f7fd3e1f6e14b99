/** What the poolers' records tell: who led when, by which rule. Pure but for the decoding. */
import { codecs } from '../../controller/topo/codec.ts';
import type { LedgerRecord } from './records.ts';

/** A pooler's record as it stood from `at` on. */
export interface PoolerMoment {
  at: number;
  /** The pod that the record names as its host. */
  pod: string;
  primary: boolean;
  /** Of the rule that it leads by; 0 for others. */
  term: number;
  lifecycle: string;
  serving: string;
}

export function poolerMoments(records: readonly LedgerRecord[]): PoolerMoment[] {
  return records.flatMap((record) => {
    if (record.kind !== 'topology' || record.value === undefined) return [];
    if (!record.key.endsWith('/Pooler')) return [];
    const pooler = codecs.Multipooler.decode(Buffer.from(record.value, 'base64'));
    return [
      {
        at: record.at,
        pod: pooler.hostname?.split('.')[0] ?? '',
        primary: pooler.routing_state?.role === 'ROUTING_ROLE_PRIMARY',
        term: Number(pooler.routing_state?.rule?.coordinator_term ?? 0),
        lifecycle: pooler.lifecycle_status?.status ?? 'LIFECYCLE_UNKNOWN',
        serving: pooler.serving_status ?? 'SERVING',
      },
    ];
  });
}

/** A pooler took the lead with a new coordinator term. */
export interface Election {
  at: number;
  pod: string;
  term: number;
  /** Who led before; absent for the first one. */
  from?: string;
}

/** Each new leadership, oldest first. A term is counted once, by whoever published it first. */
export function elections(moments: readonly PoolerMoment[]): Election[] {
  const found: Election[] = [];
  for (const { at, pod, primary, term } of moments) {
    const last = found.at(-1);
    if (!primary || term <= (last?.term ?? 0)) continue;
    found.push({ at, pod, term, ...(last ? { from: last.pod } : {}) });
  }
  return found;
}
