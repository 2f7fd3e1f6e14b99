/** Which gateway carried a connection, and when gateways ended: pure. */
import type { Mishap } from './window.ts';

/** A time in which a gateway was on its way out; its pod's address tells which. */
export interface GatewayEnd {
  ip: string;
  from: number;
  /** Absent: still going on. */
  to?: number;
}

/** Until kube-proxy of every node has left it out, new connections may still be sent to its address. */
const LATE_MS = 10_000;
/** Errors by which a gateway itself says that it stops. */
const STOPPING = new Set(['MTB03', '57P01']);
/** Errors that come from the network and not from a gateway. */
const isNetwork = ({ code, text }: { code: string; text: string }): boolean =>
  /^E[A-Z]+$/.test(code) || (code === 'none' && /terminated|closed|timeout|ended/i.test(text));

/**
 * Whether a mishap is that of a connection whose own gateway ended.
 * @param gatewayOf address of the gateway behind a client's local port, if it is known
 */
export function endedWithGateway(
  mishap: Mishap,
  ends: readonly GatewayEnd[],
  gatewayOf: (port: number) => string | undefined,
): boolean {
  const ip = 'port' in mishap ? gatewayOf(mishap.port) : undefined;
  const broken = mishap.kind === 'lost' || STOPPING.has(mishap.code) || isNetwork(mishap);
  if (!broken) return false;
  return ends.some(
    (end) =>
      (ip === undefined || ip === end.ip) &&
      mishap.at >= end.from &&
      mishap.at <= (end.to ?? Infinity) + LATE_MS,
  );
}

/**
 * Lines of `conntrack -L`: port of the client -> address of the pod that a Service's address stood for.
 * The first half of a line is what the client sent, the second what comes back.
 */
export function readConntrack(text: string, client: string): Map<number, string> {
  const found = new Map<number, string>();
  for (const line of text.split('\n')) {
    const values = [...line.matchAll(/(src|dst|sport|dport)=(\S+)/g)].map(([, , value]) => value);
    const [source, , port, , gateway] = values;
    if (source === client && port !== undefined && gateway !== undefined)
      found.set(Number(port), gateway);
  }
  return found;
}
