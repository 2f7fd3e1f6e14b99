/** What the program in the ledger's pod writes down. All times are milliseconds since the epoch by its clock. */

interface Base {
  at: number;
}
interface OfClient extends Base {
  client: number;
}

/** The cluster acknowledged the row (client, seq). */
export interface Acknowledged extends OfClient {
  kind: 'acknowledged';
  seq: number;
}

/** A statement that was not acknowledged: the row may be there or not, so it is in doubt. */
export interface Failed extends OfClient {
  kind: 'failed';
  seq: number;
  startedAt: number;
  /** Local port of the connection: it tells which gateway carried it. */
  port: number;
  /** SQLSTATE, or the error code of the network. */
  code: string;
  text: string;
}

export interface Connected extends OfClient {
  kind: 'connected';
  port: number;
}

/** A connection that could not be made. */
export interface Refused extends OfClient {
  kind: 'refused';
  code: string;
  text: string;
}

/** A connection that ended while no statement was under way. */
export interface Lost extends OfClient {
  kind: 'lost';
  port: number;
  text: string;
}

/** A pooler's record in etcd changed. */
export interface TopologyChange extends Base {
  kind: 'topology';
  key: string;
  /** Protobuf, base64; absent: the key was deleted. */
  value?: string;
}

export type LedgerRecord = Acknowledged | Failed | Connected | Refused | Lost | TopologyChange;

/** The answer to GET /records?after=N: records from number N on, and the clock of the pod. */
export interface RecordsAnswer {
  now: number;
  next: number;
  records: LedgerRecord[];
}

/** Settings of the program, as JSON in the variable LEDGER. */
export interface WriterSettings {
  host: string;
  port: number;
  password: string;
  /** Tells the rows of this run from those of others. */
  run: string;
  clients: number;
  /** Between an acknowledged row and the next one of the same client. */
  pauseMs: number;
  /** A statement, or a connection attempt, that takes longer has failed. */
  timeoutMs: number;
  /** http://host:port of the etcd whose pooler records are followed; absent: none are. */
  etcd?: string;
  /** Key prefix of the pooler records. */
  prefix?: string;
}

export const LEDGER_PORT = 8080;
export const LEDGER_TABLE = 'ledger';
