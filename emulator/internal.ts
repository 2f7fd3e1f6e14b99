/**
 * What the emulator's own processes say to each other beside the runtime's services. The consensus calls
 * (Recruit, Promote, SetPrimary) and ManagerHealthStream are the runtime's own, with its paths and fields:
 * see controller/proto/multigres.proto.ts. Only two things have no known wire form and get one of ours (JSON in gRPC frames).
 */
import { jsonService } from './grpc.ts';
import type { RuleNumber } from './ids.ts';

/**
 * `/emulator.Health/streamHealth` on a pooler: what a gateway routes by. One message at once and at every
 * change, and at least every second.
 */
export const HEALTH_SERVICE = jsonService('Health', ['streamHealth']);
export interface PoolerHealthMessage {
  role: 'PRIMARY' | 'REPLICA';
  serving: 'SERVING' | 'DISABLED' | 'DRAINING';
  /** True during a planned switch: clients get MTF01 instead of 57P03. */
  plannedFailover: boolean;
  rule?: RuleNumber;
  postgresReady: boolean;
  /** Replay lag of a standby in milliseconds. */
  lagMs: number;
}

/** `/emulator.PgCtld/*` on pgctld, used by the pooler of the same pod. */
export const PGCTLD_SERVICE = jsonService('PgCtld', [
  'status',
  'initDataDir',
  'start',
  'stop',
  'reload',
  'rewind',
  'wipe',
]);
export interface StartRequest {
  standby: boolean;
}
export interface StopRequest {
  mode: 'fast' | 'immediate';
  timeoutMs: number;
}
export interface RewindRequest {
  host: string;
  port: number;
}
