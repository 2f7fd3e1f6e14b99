/** A pooler's postgres, reached for one client. */
import { connect, type Socket } from 'node:net';
import { ERRORS, type ClientError, type RoutePooler } from './routes.ts';
import { sqlState } from './wire.ts';

const CONNECT_TIMEOUT_MS = 3000;
/** Answers to a start-up packet that mean "not now". */
const STARTUP_REFUSALS = new Set(['57P01', '57P02', '57P03']);

/** A backend that accepted the start-up packet, with its first answer. */
export interface Backend {
  socket: Socket;
  pooler: RoutePooler;
  first: Buffer;
}

/** Sends the start-up packet and waits for the first bytes of an answer. */
export function openBackend(
  pooler: RoutePooler,
  packet: Buffer,
): Promise<Backend | { error: ClientError }> {
  return new Promise((resolve) => {
    const socket = connect({ host: pooler.host, port: pooler.port });
    const refuse = (error: ClientError): void => {
      socket.destroy();
      resolve({ error });
    };
    socket.setNoDelay(true);
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => refuse(ERRORS.lost));
    socket.once('error', () => refuse(ERRORS.lost));
    socket.once('close', () => refuse(ERRORS.lost));
    socket.once('connect', () => socket.write(packet));
    socket.once('data', (first: Buffer) => {
      socket.setTimeout(0);
      socket.removeAllListeners('close');
      socket.pause();
      if (first[0] === 0x45 && STARTUP_REFUSALS.has(sqlState(first.subarray(5))))
        return refuse(ERRORS.draining);
      return resolve({ socket, pooler, first });
    });
  });
}
