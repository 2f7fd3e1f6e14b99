/** Health as it streams: to multiorch in the runtime's form, to gateways in the emulator's. */
import type { ServerDuplexStream, ServerWritableStream } from '../grpc.ts';
import type { PoolerHealthMessage } from '../internal.ts';
import type { Context } from './context.ts';
import { timestamp } from './messages.ts';
import { buildStatus } from './status.ts';

/** Heartbeat and staleness limit of the runtime's stream, in seconds. */
const SNAPSHOT_SECONDS = 5;
const STALENESS_SECONDS = 90;
/** Changes that come together are sent together. */
const GATHER_MS = 30;
const GATEWAY_BEAT_MS = 1000;

interface StreamRequest {
  start?: { snapshot_interval?: { seconds?: string; nanos?: number } };
  poll?: object;
}

/** MultipoolerManager/ManagerHealthStream: a snapshot at the start, at every change, on demand and as a heartbeat. */
export function managerHealthStream(ctx: Context) {
  return (call: ServerDuplexStream<StreamRequest, object>): void => {
    let timer: NodeJS.Timeout | undefined;
    let gather: NodeJS.Timeout | undefined;
    let off: (() => void) | undefined;
    let open = true;
    const close = (): void => {
      open = false;
      clearInterval(timer);
      clearTimeout(gather);
      off?.();
    };
    const send = (trigger: string): void => {
      buildStatus(ctx).then(
        (status) => {
          if (!open) return;
          const timeout = { seconds: String(STALENESS_SECONDS) };
          const captured_at = timestamp(Date.now());
          call.write({
            snapshot: { status, timeout, trigger: `SNAPSHOT_TRIGGER_${trigger}`, captured_at },
          });
        },
        (error: unknown) => ctx.log.debug('no snapshot', { error }),
      );
    };
    const begin = (request: StreamRequest): void => {
      const asked = request.start?.snapshot_interval;
      const seconds = Number(asked?.seconds ?? 0) + (asked?.nanos ?? 0) / 1e9 || SNAPSHOT_SECONDS;
      call.write({
        start: {
          snapshot_interval: { seconds: String(Math.ceil(seconds)) },
          staleness_timeout: { seconds: String(STALENESS_SECONDS) },
        },
      });
      send('INITIAL');
      timer = setInterval(() => send('HEARTBEAT'), seconds * 1000);
      off = ctx.state.onChange(() => {
        clearTimeout(gather);
        gather = setTimeout(() => send('BROADCAST'), GATHER_MS);
      });
    };
    call.on('data', (request: StreamRequest) => {
      if (request.poll) send('POLL');
      else if (!timer) begin(request);
    });
    call.on('end', () => {
      close();
      call.end();
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
