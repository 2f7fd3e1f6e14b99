/** Where members and orchestrators are called. */
import { COMPONENTS, LABELS } from '../../../schemas/labels.ts';
import { PORTS } from '../../../schemas/ports.ts';
import type { Shard } from '../../../schemas/types.ts';
import type { Deps } from '../../deps.ts';
import type { Target } from '../../rpc/client.ts';
import type { TlsMaterial } from '../../rpc/tls.ts';
import type { Member } from '../state/member.ts';

/** By its record; by its Service while there is none. */
export const targetOf = (
  { record, address }: Pick<Member, 'record' | 'address'>,
  tls: TlsMaterial | undefined,
): Target => {
  const port = record?.port_map?.['grpc'];
  const host = record?.hostname;
  return { address: host && port ? `${host}:${port}` : address, ...(tls ? { tls } : {}) };
};

/** The orchestrators of a shard, by their Services, in the order of their turns; not those in the cells of `without`. */
export const orchestratorTargets = (
  deps: Pick<Deps, 'listers'>,
  shard: Shard,
  tls: TlsMaterial | undefined,
  without: ReadonlySet<string> = new Set(),
): Target[] =>
  deps.listers.Service.byIndex('owner', shard.metadata.uid ?? '')
    .filter(({ metadata: { labels } }) => labels?.[LABELS.component] === COMPONENTS.multiorch)
    .map(({ metadata: { name, namespace = '', labels } }) => ({
      cell: labels?.[LABELS.cell] ?? '',
      address: `${name}.${namespace}.svc:${PORTS.multiorch.grpc}`,
    }))
    .filter(({ cell }) => !without.has(cell))
    .toSorted((a, b) => (a.cell < b.cell ? -1 : 1))
    .map(({ address }) => ({ address, ...(tls ? { tls } : {}) }));
