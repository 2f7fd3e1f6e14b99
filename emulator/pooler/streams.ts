/** Health as it streams: to multiorch and operators in the runtime's form, to gateways in the emulator's. */
import type { ServerDuplexStream, ServerWritableStream } from '../grpc.ts';
import { status as code } from '../grpc.ts';
import type {
  HealthStreamRequest,
  HealthStreamResponse,
  StatusResponse,
} from '../../controller/rpc/types.ts';
import { millisOf, timeMessage } from '../../controller/proto/time.ts';
import type { PoolerHealthMessage } from '../internal.ts';
import type { Context } from './context.ts';

/** What the runtime keeps to when a client asks for nothing, in ms. */
const SNAPSHOT_MS = 5000;
const STALENESS_MS = 90_000;
/** Changes that come together are sent together. */
const GATHER_MS = 30;
const GATEWAY_BEAT_MS = 1000;

type Trigger = 'INITIAL' | 'BROADCAST' | 'POLL' | 'HEARTBEAT';
type Call = ServerDuplexStream<HealthStreamRequest, HealthStreamResponse>;

/** What a health stream tells of. */
export interface HealthSource {
  /** May hang, as with a frozen postgres: the stream is silent then. */
  status: () => Promise<StatusResponse>;
  /** Returns what ends the listening. */
  onChange: (listener: () => void) => () => void;
  /** True once the process stops. */
  refusing: () => boolean;
}

const fail = (call: Call, number: number, details: string): void =>
  void call.emit('error', { code: number, details });

/**
 * MultipoolerManager/ManagerHealthStream: a snapshot at the start, at every change, on demand and as a
 * heartbeat. One at a time: what comes while one is made waits, and each kind of it once.
 */
export function managerHealthStream(source: HealthSource) {
  return (call: Call): void => {
    if (source.refusing()) return fail(call, code.UNAVAILABLE, 'server is shutting down');
    const due = new Set<Trigger>();
    let timeout = timeMessage(STALENESS_MS);
    let busy = false;
    let open = true;
    let started = false;
    let heartbeat: NodeJS.Timeout | undefined;
    let gather: NodeJS.Timeout | undefined;
    let off: (() => void) | undefined;
    const close = (): void => {
      open = false;
      clearInterval(heartbeat);
      clearTimeout(gather);
      off?.();
    };
    const send = async (trigger: Trigger): Promise<void> => {
      due.add(trigger);
      if (busy) return;
      busy = true;
      for (const next of due) {
        due.delete(next);
        const status = await source.status();
        if (!open) return;
        const captured_at = timeMessage(Date.now());
        call.write({
          snapshot: { status, timeout, trigger: `SNAPSHOT_TRIGGER_${next}`, captured_at },
        });
      }
      busy = false;
    };
    const push = (trigger: Trigger): void => {
      send(trigger).catch((error: unknown) => {
        if (open) fail(call, code.UNKNOWN, error instanceof Error ? error.message : String(error));
      });
    };
    const begin = ({ start }: HealthStreamRequest): void => {
      if (!start) return fail(call, code.INVALID_ARGUMENT, 'first message must be a start message');
      started = true;
      const intervalMs = millisOf(start.snapshot_interval) || SNAPSHOT_MS;
      timeout = timeMessage(millisOf(start.staleness_timeout) || STALENESS_MS);
      call.write({
        start: { snapshot_interval: timeMessage(intervalMs), staleness_timeout: timeout },
      });
      push('INITIAL');
      heartbeat = setInterval(() => push('HEARTBEAT'), intervalMs);
      off = source.onChange(() => {
        clearTimeout(gather);
        gather = setTimeout(() => push('BROADCAST'), GATHER_MS);
      });
    };
    call.on('data', (request: HealthStreamRequest) => {
      if (!started) begin(request);
      else if (request.poll) push('POLL');
    });
    call.on('cancelled', close);
    call.on('error', close);
  };
}

/** What gateways route by, from the state alone: it comes even when postgres is frozen. */
export function gatewayHealth(ctx: Context): PoolerHealthMessage {
  const { state } = ctx;
  const rule = state.rule?.rule_number;
  return {
    role: state.role,
    serving: state.serving,
    plannedFailover: state.plannedFailover,
    ...(rule
      ? {
          rule: {
            coordinator_term: Number(rule.coordinator_term ?? 0),
            leader_subterm: Number(rule.leader_subterm ?? 0),
          },
        }
      : {}),
    postgresReady: state.ready,
    lagMs: state.lagMs,
  };
}

/** The emulator's Health/streamHealth. */
export function gatewayHealthStream(ctx: Context) {
  return (call: ServerWritableStream<object, PoolerHealthMessage>): void => {
    const send = (): void => void call.write(gatewayHealth(ctx));
    const off = ctx.state.onChange(send);
    const timer = setInterval(send, GATEWAY_BEAT_MS);
    call.on('cancelled', () => {
      off();
      clearInterval(timer);
    });
    send();
  };
}
