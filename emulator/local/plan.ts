/** Names, addresses and command lines of a local cluster. Pure. */

export interface PodPlan {
  /** `zone-a`, `zone-a2`, ...: the pod is pool-<suffix>, its service id p-<suffix>. */
  suffix: string;
  cell: string;
  serviceId: string;
  hostname: string;
  address: string;
  pgbackrestPort: number;
}

export interface Plan {
  cells: string[];
  /** First three numbers of all addresses. */
  net: string;
  etcd: string;
  root: string;
  pods: PodPlan[];
}

export const ROOT_PATH = '/multigres/global';

/** Address number of a pod: 11, 12, 13 for the cells' first, 21, 22, ... for the second ones. */
export function podPlan(
  net: string,
  cells: readonly string[],
  cell: string,
  index: number,
): PodPlan {
  const number = (index + 1) * 10 + cells.indexOf(cell) + 1;
  const suffix = index === 0 ? cell : `${cell}${index + 1}`;
  return {
    suffix,
    cell,
    serviceId: `p-${suffix}`,
    hostname: `pool-${suffix}`,
    address: `${net}.${number}`,
    // pgBackRest's server listens on all addresses, so that two clusters need different ports.
    pgbackrestPort: 8400 + Number(net.split('.')[2]) * 100 + number,
  };
}

export const ADMIN_NUMBER = 99;
export const ETCD_NUMBER = 10;

/** Address of a cell's multiorch and gateway: that of its first pod. */
export const cellAddress = (plan: Plan, cell: string): string =>
  podPlan(plan.net, plan.cells, cell, 0).address;

const topo = (plan: Plan): string[] => [
  `--topo-global-server-addresses=${plan.etcd}`,
  `--topo-global-root=${plan.root}`,
];
const bind = (address: string): string[] => [
  `--bind-address=${address}`,
  `--grpc-bind-address=${address}`,
];

export const pgctldArgs = (pod: PodPlan): string[] => [
  ...['server', '--pooler-dir=/var/lib/pooler', '--grpc-port=15470', '--http-port=15400'],
  ...[...bind(pod.address), '--pg-port=5432', `--pg-listen-addresses=${pod.address}`],
  ...['--grpc-socket-file=/var/lib/pooler/pgctld.sock', '--log-level=info'],
  ...[
    '--pg-hba-template=/etc/pgctld/pg_hba_template.conf',
    '--pgbackrest-cert-dir=/certs/pgbackrest',
  ],
  `--pgbackrest-port=${pod.pgbackrestPort}`,
];

export const poolerArgs = (plan: Plan, pod: PodPlan): string[] => [
  ...['--http-port=15200', '--grpc-port=15270', ...bind(pod.address), `--hostname=${pod.hostname}`],
  ...['--pooler-dir=/var/lib/pooler', '--socket-file=/var/lib/pooler/pg_sockets/.s.PGSQL.5432'],
  ...['--service-map=grpc-pooler', ...topo(plan), `--cell=${pod.cell}`, '--database=postgres'],
  ...['--table-group=default', '--shard=0-inf', `--service-id=${pod.serviceId}`],
  ...[`--pgctld-addr=${pod.address}:15470`, '--pg-port=5432', '--connpool-global-capacity=40'],
  ...['--connpool-admin-capacity=5', '--log-level=info'],
  '--pgbackrest-cert-file=/certs/pgbackrest/pgbackrest.crt',
  '--pgbackrest-key-file=/certs/pgbackrest/pgbackrest.key',
  '--pgbackrest-ca-file=/certs/pgbackrest/ca.crt',
  `--pgbackrest-port=${pod.pgbackrestPort}`,
];

export const orchArgs = (plan: Plan, cell: string): string[] => [
  ...['--http-port=15300', '--grpc-port=15370', ...bind(cellAddress(plan, cell))],
  ...[`--hostname=orch-${cell}`, ...topo(plan), `--cell=${cell}`, `--service-id=o-${cell}`],
  ...['--watch-targets=postgres/default/0-inf', '--log-level=info'],
];

export const gatewayArgs = (plan: Plan, cell: string): string[] => [
  ...['--http-port=15100', '--grpc-port=15170', ...bind(cellAddress(plan, cell))],
  ...[`--pg-bind-address=${cellAddress(plan, cell)}`, '--pg-port=15432', '--pg-replica-port=15433'],
  ...[`--hostname=gateway-${cell}`, ...topo(plan), `--cell=${cell}`, '--log-level=info'],
];

export const adminArgs = (plan: Plan): string[] => [
  ...[
    '--http-port=18000',
    '--grpc-port=18070',
    ...bind(`${plan.net}.${ADMIN_NUMBER}`),
    ...topo(plan),
  ],
  ...['--service-map=grpc-multiadmin', '--pprof-http=true', '--log-level=info'],
];

/** /etc/hosts inside. @param perCell how many pods a cell may get */
export function hostsFile(plan: Plan, perCell: number): string {
  const lines = ['127.0.0.1 localhost', `${plan.net}.${ADMIN_NUMBER} multiadmin`];
  for (const cell of plan.cells) {
    lines.push(`${cellAddress(plan, cell)} orch-${cell} gateway-${cell}`);
    for (let index = 0; index < perCell; index++) {
      const pod = podPlan(plan.net, plan.cells, cell, index);
      lines.push(`${pod.address} ${pod.hostname}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
