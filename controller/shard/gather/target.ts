/** Where a member is called, and how a shard is looked at again once an answer is there. */
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

export const wakeShard = ({ wakeups }: Pick<Deps, 'wakeups'>, { metadata }: Shard): void =>
  wakeups.wake('shard', { namespace: metadata.namespace ?? '', name: metadata.name });
