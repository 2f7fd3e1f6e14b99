/** What multiadmin does: the same handlers serve gRPC and REST. Requests and answers have proto field names. */
import { messageCodec } from '../../controller/proto/load.ts';
import type {
  CellRecord,
  DatabaseRecord,
  Multigateway,
  Multiorch,
  Multipooler,
} from '../../controller/topo/types.ts';
import { cellNames, componentsOf, databaseNames, poolersOf } from '../control/directory.ts';
import { clientOf, RpcError, status, type RpcClient, type TlsFiles } from '../grpc.ts';
import type { Id } from '../ids.ts';
import { sleep } from '../role.ts';
import { databasePath, poolerPath, type Topo } from '../topo.ts';

export interface AdminDeps {
  topo: Topo;
  tls: TlsFiles | undefined;
  now: () => number;
}

const cellCodec = messageCodec<CellRecord>('Cell');
const databaseCodec = messageCodec<DatabaseRecord>('Database');
const poolerCodec = messageCodec<Multipooler>('Multipooler');
const gatewayCodec = messageCodec<Multigateway>('Multigateway');
const orchCodec = messageCodec<Multiorch>('Multiorch');

/** Without the topology the real multiadmin gives no answer; this one gives up after a minute. */
const PATIENCE_MS = 60_000;

/** Repeats a reading of the topology until it works. @throws RpcError UNAVAILABLE after a minute */
export async function patiently<T>(deps: AdminDeps, read: () => Promise<T>): Promise<T> {
  const until = deps.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await read();
    } catch (error) {
      if (error instanceof RpcError) throw error;
      if (deps.now() >= until)
        throw new RpcError(status.UNAVAILABLE, `no connection available: ${text(error)}`);
    }
    await sleep(500);
  }
}

export const text = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

const CODE_NAMES: Record<number, string> = {
  2: 'Unknown',
  3: 'InvalidArgument',
  4: 'DeadlineExceeded',
  5: 'NotFound',
  9: 'FailedPrecondition',
  12: 'Unimplemented',
  13: 'Internal',
  14: 'Unavailable',
};

/** An error of a call to a pooler, in the words that multiadmin passes on. */
export function passedOn(what: string, error: unknown, code?: number): RpcError {
  const cause = error as { code?: number; details?: string };
  const name = CODE_NAMES[cause.code ?? 2] ?? 'Unknown';
  return new RpcError(
    code ?? cause.code ?? status.UNKNOWN,
    `${what}: rpc error: code = ${name} desc = ${cause.details ?? text(error)}`,
  );
}

export async function listCells(deps: AdminDeps): Promise<{ names: string[] }> {
  return { names: await patiently(deps, () => cellNames(deps.topo)) };
}

export async function getCell(deps: AdminDeps, name: string): Promise<{ cell: CellRecord }> {
  const found = await patiently(deps, () => deps.topo.global.get(`cells/${name}/Cell`));
  if (found === undefined) throw new RpcError(status.NOT_FOUND, `cell '${name}' not found`);
  return { cell: cellCodec.decode(found.value) };
}

export async function listDatabases(deps: AdminDeps): Promise<{ names: string[] }> {
  return { names: await patiently(deps, () => databaseNames(deps.topo)) };
}

export async function getDatabase(
  deps: AdminDeps,
  name: string,
): Promise<{ database: DatabaseRecord }> {
  const found = await patiently(deps, () => deps.topo.global.get(databasePath(name)));
  if (found === undefined) throw new RpcError(status.NOT_FOUND, `database '${name}' not found`);
  return { database: databaseCodec.decode(found.value) };
}

/** Components of all cells, or of those asked for. A cell without its record is left out. */
async function inCells<T>(
  deps: AdminDeps,
  asked: string[] | undefined,
  read: (cell: string) => Promise<T[]>,
): Promise<T[]> {
  return patiently(deps, async () => {
    const cells = asked !== undefined && asked.length > 0 ? asked : await cellNames(deps.topo);
    return (await Promise.all(cells.map(read))).flat();
  });
}

export async function listGateways(
  deps: AdminDeps,
  cells?: string[],
): Promise<{ gateways: Multigateway[] }> {
  const read = async (cell: string): Promise<Multigateway[]> =>
    componentsOf(await deps.topo.cell(cell), cell, 'gateways/', gatewayCodec.decode);
  return { gateways: await inCells(deps, cells, read) };
}

export async function listOrchs(
  deps: AdminDeps,
  cells?: string[],
): Promise<{ orchs: Multiorch[] }> {
  const read = async (cell: string): Promise<Multiorch[]> =>
    componentsOf(await deps.topo.cell(cell), cell, 'orchs/', orchCodec.decode);
  return { orchs: await inCells(deps, cells, read) };
}

export interface PoolerFilter {
  cells?: string[];
  database?: string;
  shard?: string;
}

export async function listPoolers(
  deps: AdminDeps,
  filter: PoolerFilter = {},
): Promise<{ poolers: Multipooler[] }> {
  const all = await inCells(deps, filter.cells, (cell) => poolersOf(deps.topo, cell));
  const poolers = all.filter(
    (p) =>
      (!filter.database || p.shard_key?.database === filter.database) &&
      (!filter.shard || p.shard_key?.shard === filter.shard),
  );
  return { poolers };
}

export const addressOf = (pooler: Multipooler): string =>
  `${pooler.hostname}:${pooler.port_map?.['grpc'] ?? 0}`;

/** Runs one call on a pooler's manager service and closes the connection. */
export async function onManager<T>(
  deps: AdminDeps,
  pooler: Multipooler,
  run: (client: RpcClient) => Promise<T>,
): Promise<T> {
  const client = clientOf('MultipoolerManager', addressOf(pooler), deps.tls);
  try {
    return await run(client);
  } finally {
    client.close();
  }
}

export async function findPooler(deps: AdminDeps, id: Id): Promise<Multipooler> {
  const found = await patiently(deps, async () => {
    const store = await deps.topo.cell(id.cell ?? '');
    return store.get(
      poolerPath({ component: 'MULTIPOOLER', cell: id.cell ?? '', name: id.name ?? '' }),
    );
  });
  if (found === undefined)
    throw new RpcError(status.NOT_FOUND, `pooler '${id.name}' not found in cell '${id.cell}'`);
  return poolerCodec.decode(found.value);
}

export async function poolerStatus(deps: AdminDeps, id: Id): Promise<object> {
  const pooler = await findPooler(deps, id);
  try {
    const answer = await onManager(deps, pooler, (c) =>
      c.call<{ status?: object; consensus_status?: object }>('Status', {}, 30_000),
    );
    return { status: answer.status, consensus_status: answer.consensus_status };
  } catch (error) {
    throw passedOn('failed to get status from pooler', error);
  }
}
