import { sha256 } from './canonical.ts';

/**
 * Names of all child objects. They equal upstream's to the byte, so that a cluster can change its
 * operator without its objects being made anew (upstream: pkg/util/name).
 */

export type NameConstraint = 'default' | 'service' | 'statefulset' | 'pod';

/**
 * Longest name per constraint. 253: DNS subdomain. 63: DNS label (Services, claims, PDBs).
 * 52: leaves 11 for a StatefulSet's ordinal and revision hash. 60: leaves 3 for `-NN`.
 */
const MAX_LENGTH: Record<NameConstraint, number> = {
  default: 253,
  service: 63,
  statefulset: 52,
  pod: 60,
};

const HASH_LENGTH = 8;

/**
 * FNV-1a, 32 bit, over each part's UTF-8 bytes followed by one zero byte; 8 hex digits. The zero
 * byte keeps ('a-b','c') and ('a','b-c') apart.
 */
export const hashName = (parts: readonly string[]): string => {
  let hash = 0x811c9dc5;
  const mix = (byte: number): void => {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  };
  for (const part of parts) {
    for (const byte of Buffer.from(part, 'utf8')) mix(byte);
    mix(0);
  }
  return hash.toString(16).padStart(HASH_LENGTH, '0');
};

const sanitize = (part: string): string =>
  Array.from(part, (char) => {
    if (/^[a-z0-9-]$/.test(char)) return char;
    return /^[A-Z]$/.test(char) ? char.toLowerCase() : '-';
  }).join('');

/**
 * `<parts joined by ->-<hash>`, or, where that is too long, the first characters, `---` and the
 * hash, exactly as long as the constraint allows. The hash is over the parts as given.
 */
export const buildName = (parts: readonly string[], constraint: NameConstraint): string => {
  const hash = hashName(parts);
  const joined = parts.map(sanitize).join('-');
  const first = constraint === 'default' ? /^[a-z0-9]/ : /^[a-z]/;
  const text = first.test(joined) ? joined : `x${joined}`;
  const max = MAX_LENGTH[constraint];
  if (text.length + 1 + HASH_LENGTH <= max) return `${text}-${hash}`;
  return `${text.slice(0, max - HASH_LENGTH - 3)}---${hash}`;
};

/** cluster, database, tablegroup, shard: logical names, never object names. */
type ShardArgs = [c: string, db: string, tg: string, s: string];
type OrchArgs = [...ShardArgs, cell: string];
type PoolArgs = [...ShardArgs, pool: string, cell: string];
type PodArgs = [...PoolArgs, index: number];

/** Longest common name in a certificate (X.520 ub-common-name). */
const MAX_COMMON_NAME = 64;

export const names = {
  globalTopo: (c: string) => `${c}-global-topo`,
  headless: (topo: string) => `${topo}-headless`,
  multiadmin: (c: string) => `${c}-multiadmin`,
  multiadminWeb: (c: string) => `${c}-multiadmin-web`,
  gatewayService: (c: string) => `${c}-multigateway`,
  gatewayReplicaService: (c: string) => `${c}-multigateway-replica`,
  cell: (c: string, cell: string) => buildName([c, cell], 'default'),
  /** Takes the Cell's object name, not the logical one: the only name made from a made name. */
  localTopo: (cellObject: string) => buildName([cellObject, 'topo'], 'statefulset'),
  cellGatewayDeployment: (c: string, cell: string) =>
    buildName([c, cell, 'multigateway'], 'default'),
  cellGatewayService: (c: string, cell: string) => buildName([c, cell, 'multigateway'], 'service'),
  tableGroup: (c: string, db: string, tg: string) => buildName([c, db, tg], 'default'),
  shard: (...shard: ShardArgs) => buildName(shard, 'default'),
  orchDeployment: (...[c, db, tg, s, cell]: OrchArgs) =>
    buildName([c, db, tg, s, 'multiorch', cell], 'default'),
  orchService: (...[c, db, tg, s, cell]: OrchArgs) =>
    buildName([c, db, tg, s, 'multiorch', cell], 'service'),
  /** At most 63 characters for index 0..99. */
  poolPod: (...[c, db, tg, s, pool, cell, index]: PodArgs) =>
    `${buildName([c, db, tg, s, 'pool', pool, cell], 'pod')}-${index}`,
  dataPvc: (pod: string) => `data-${pod}`,
  podOfDataPvc: (claim: string) => claim.replace(/^data-/, ''),
  poolHeadless: (...[c, db, tg, s, pool, cell]: PoolArgs) =>
    buildName([c, db, tg, s, 'pool', pool, cell, 'headless'], 'service'),
  /** Upstream's PDB of one pool in one cell. We make two per shard and remove these. */
  poolPdb: (...[c, db, tg, s, pool, cell]: PoolArgs) =>
    buildName([c, db, tg, s, 'pool', pool, cell, 'pdb'], 'service'),
  /** Of the standbys. */
  shardPdb: (...shard: ShardArgs) => buildName([...shard, 'pdb'], 'service'),
  primaryPdb: (...shard: ShardArgs) => buildName([...shard, 'primary', 'pdb'], 'service'),
  backupPvc: (...shard: ShardArgs) => buildName(['backup-data', ...shard], 'service'),
  pgHba: (shard: string) => `${shard}-pg-hba`,
  postgresConfig: (shard: string) => `${shard}-postgres-config`,
  exporterQueries: (shard: string) => `${shard}-exporter-queries`,
  pgbackrestCa: (shard: string) => `${shard}-pgbackrest-ca`,
  pgbackrestTls: (shard: string) => `${shard}-pgbackrest-tls`,
  /** Name of a pooler in the topology; part of postgres' application_name, so always 10 characters. */
  poolerId: (pod: string) => `p-${hashName([pod])}`,
  /** Ours: a fixed id, so that a restarted multiorch finds the claims that it made before. */
  orchServiceId: (deployment: string) => `o-${hashName([deployment])}`,
  /** Certificate, Secret and DNS name of a component's internal TLS. */
  internalTls: (component: string, c: string, ns: string) =>
    `${component}.${c}.${ns}.multigres.internal`,
} as const;

/** A certificate's common name: cut to 64 characters, with a hash in place of what was cut. */
export const commonName = (dnsName: string): string => {
  if (Buffer.byteLength(dnsName) <= MAX_COMMON_NAME) return dnsName;
  const hash = sha256(dnsName).slice(0, HASH_LENGTH);
  return `${dnsName.slice(0, MAX_COMMON_NAME - HASH_LENGTH - 1)}-${hash}`;
};
