import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP connection to another server that a test can cut. */
export interface Proxy {
  /** host:port */
  readonly address: string;
  /** Connections that were made since the start. */
  readonly connections: number;
  /** Bytes that came from the other server since the start. */
  readonly received: number;
  /** Breaks all connections; new ones are refused until `mend`. */
  cut(): void;
  mend(): void;
  close(): void;
}

/** @param to host:port or a URL of the other server */
export async function startProxy(to: string): Promise<Proxy> {
  const { hostname, port } = new URL(to.includes('://') ? to : `tcp://${to}`);
  const sockets = new Set<Socket>();
  let open = true;
  let connections = 0;
  let received = 0;
  const server = createServer((socket) => {
    connections++;
    socket.on('error', () => {});
    if (!open) return socket.destroy();
    const other = connect(Number(port), hostname);
    for (const [one, peer] of [
      [socket, other],
      [other, socket],
    ] as const) {
      sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        sockets.delete(one);
        peer.destroy();
      });
    }
    other.on('data', (bytes: Buffer) => (received += bytes.length));
    socket.pipe(other).pipe(socket);
    return undefined;
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cut = (): void => {
    open = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    address,
    get connections() {
      return connections;
    },
    get received() {
      return received;
    },
    cut,
    mend: () => {
      open = true;
    },
    close: () => {
      cut();
      server.close();
    },
  };
}
