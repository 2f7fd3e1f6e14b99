import { BUILTIN } from './builtin.ts';
import type { Problem } from '../problem.ts';
import { names } from '../names.ts';
import { listOf } from '../text.ts';
import type { ExternalTopo, TopoRef } from '../types.ts';
import type { ResolvedCell, ResolvedGlobalTopo } from './types.ts';
import { topoAddress } from './topo.ts';

/** Longest address in a reference. */
const MAX_ADDRESS = 512;

/** What a client shows and trusts. Secrets of the cluster's namespace. */
type TopoCredentials = Pick<TopoRef, 'caSecret' | 'clientCertSecret'>;

interface Block {
  path: string;
  external: ExternalTopo;
}

const blocksOf = (global: ResolvedGlobalTopo, cells: readonly ResolvedCell[]): Block[] => [
  ...(global.kind === 'external'
    ? [{ path: 'spec.globalTopoServer.external', external: global.external }]
    : []),
  ...cells.flatMap(({ localTopo }, i) =>
    localTopo?.external
      ? [{ path: `spec.cells[${i}].spec.localTopoServer.external`, external: localTopo.external }]
      : [],
  ),
];

const KEYS = ['caSecret', 'clientCertSecret'] as const;

const credentialsOf = ({ external }: Block): TopoCredentials =>
  Object.fromEntries(KEYS.flatMap((key) => (external[key] ? [[key, external[key]]] : [])));

/**
 * The one set of credentials that all processes of a cluster use for all topology servers: that of
 * the global one, else that of the first cell which has any. The runtime has no more than one.
 */
const credentials = (blocks: readonly Block[]): TopoCredentials =>
  blocks.map(credentialsOf).find((found) => Object.keys(found).length > 0) ?? {};

/** Cells that ask for other credentials than the rest of the cluster uses. */
export const topoCredentialProblems = (
  global: ResolvedGlobalTopo,
  cells: readonly ResolvedCell[],
): Problem[] => {
  const blocks = blocksOf(global, cells);
  const used = credentials(blocks);
  return blocks.flatMap((block) =>
    KEYS.flatMap((key) => {
      const value = block.external[key];
      if (!value || value === used[key]) return [];
      return [
        {
          path: `${block.path}.${key}`,
          value,
          message: 'a process has one set of credentials for all topology servers',
          fix: used[key]
            ? `name ${used[key]} here too`
            : 'name it in the first of the blocks as well',
        },
      ];
    }),
  );
};

/**
 * The address of an etcd of ours, which speaks plain text. A client with a certificate takes an address
 * without a scheme for one that wants TLS, so there it is said.
 */
export const plainAddress = (address: string, used: TopoCredentials): string =>
  used.clientCertSecret ? `http://${address}` : address;

/** As many of the endpoints as a reference holds, separated by commas. At least the first. */
const joined = (endpoints: readonly string[]): string =>
  endpoints.reduce((text, endpoint) => {
    if (text === '') return endpoint;
    return text.length + 1 + endpoint.length <= MAX_ADDRESS ? `${text},${endpoint}` : text;
  }, '');

/** The endpoints of an address. */
export const endpointsOf = (address: string): string[] => listOf(address);

/** The reference that all children get. */
export const topoRefOf = (
  topo: ResolvedGlobalTopo,
  cells: readonly ResolvedCell[],
  cluster: { name: string; namespace: string },
): TopoRef => {
  const used = credentials(blocksOf(topo, cells));
  if (topo.kind === 'external') {
    const { endpoints, rootPath, implementation } = topo.external;
    return { address: joined(endpoints), rootPath, implementation, ...used };
  }
  const address = topoAddress(names.globalTopo(cluster.name), cluster.namespace);
  return {
    address: plainAddress(address, used),
    rootPath: topo.etcd.rootPath,
    implementation: BUILTIN.topoImplementation,
    ...used,
  };
};
