/**
 * Every TCP port of the data plane and of the operator. Numbers are those of upstream's operator,
 * so that dashboards, network policies and scripts keep working.
 */
export const PORTS = {
  multigateway: { http: 15100, grpc: 15170, postgres: 5432, replica: 5433 },
  multipooler: { http: 15200, grpc: 15270, postgres: 5432 },
  pgctld: { http: 15400, grpc: 15470 },
  pgbackrest: { tls: 8432 },
  exporter: { metrics: 9187 },
  multiorch: { http: 15300, grpc: 15370 },
  multiadmin: { http: 18000, grpc: 18070 },
  multiadminWeb: { http: 18100 },
  etcd: { client: 2379, peer: 2380, metrics: 2381 },
  operator: { webhook: 9443, metrics: 8443, health: 8081 },
} as const;
