import { int32, type Kind, list, optional, required, ruled, string, struct } from './dsl.ts';
import {
  commonStatus,
  conditionPath,
  pvcPolicy,
  pvcPolicyInList,
  resourceRequirements,
  storage,
} from './parts.ts';
import { endpointUrl, imageRef, rootPath, secretName253, templateRef, text } from './scalars.ts';
import { placement } from './workloads.ts';

const etcdWith = (policy: typeof pvcPolicy) =>
  struct('Etcd', 'An etcd that the operator runs.', {
    image: optional(imageRef, "Image of etcd. Absent: the operator's default."),
    replicas: optional(
      ruled(int32({ minimum: 1 }), {
        'etcd needs an odd number of replicas to form a majority: use 1, 3, 5 or 7':
          'self % 2 == 1',
      }),
      'Members of etcd: an odd number. Fixed once etcd runs.',
    ),
    storage: optional(storage, 'Data volume of each member.'),
    resources: optional(resourceRequirements, 'CPU and memory of each member.'),
    rootPath: optional(
      rootPath,
      'Prefix of all keys. Default: /multigres/global or /multigres/<cell>.',
    ),
    pvcDeletionPolicy: optional(policy, 'What happens to the data volumes.'),
  });

export const etcd = etcdWith(pvcPolicy);

const credentials = {
  caSecret: optional(secretName253, 'Secret with the CA certificate of the server, key ca.crt.'),
  clientCertSecret: optional(
    secretName253,
    'Secret with the client certificate to show, keys tls.crt and tls.key.',
  ),
};

export const externalTopo = struct('ExternalTopo', 'A topology server that others run.', {
  endpoints: required(
    ruled(list(endpointUrl, { listType: 'set', minItems: 1, maxItems: 20 }), {
      'an endpoint has no scheme: write it as http://host:port or https://host:port':
        "self.all(e, e.startsWith('http://') || e.startsWith('https://'))",
    }),
    'Addresses, each with http:// or https://.',
  ),
  implementation: optional(text, 'Protocol of the server. Default: etcd.'),
  ...credentials,
  rootPath: optional(rootPath, 'Prefix of all keys.'),
});

const localTopoWith = (managed: typeof etcd) =>
  ruled(
    struct('LocalTopo', 'The topology server of one cell: managed etcd or an external one.', {
      etcd: optional(managed, 'An etcd that the operator runs.'),
      external: optional(externalTopo, 'A topology server that others run.'),
    }),
    {
      'a local topology server needs etcd or external: add one, or remove the block to use the global one':
        'has(self.etcd) || has(self.external)',
      'etcd and external exclude each other: remove one of them':
        '!(has(self.etcd) && has(self.external))',
    },
  );

export const localTopo = localTopoWith(etcd);
/** Within the list of cells. */
export const localTopoInList = localTopoWith(etcdWith(pvcPolicyInList));

export const globalTopo = ruled(
  struct('GlobalTopo', 'The topology server of the whole cluster.', {
    etcd: optional(etcd, 'An etcd that the operator runs.'),
    external: optional(externalTopo, 'A topology server that others run.'),
    templateRef: optional(templateRef, 'CoreTemplate to take the topology server from.'),
    pvcDeletionPolicy: optional(pvcPolicy, 'What happens to the data volumes of managed etcd.'),
    placement: optional(placement, 'Where the pods of managed etcd may run.'),
  }),
  {
    'give exactly one of etcd, external and templateRef; an empty etcd ({}) takes all defaults':
      '[has(self.etcd), has(self.external), has(self.templateRef)].filter(x, x).size() == 1',
  },
);

/** Spec of a TopoServer, and the topology part of a CoreTemplate. */
export const topoServerSpec = ruled(
  struct('TopoServerSpec', 'A managed topology server.', {
    etcd: optional(etcd, 'The etcd to run. It must be there, and may be empty.'),
    pvcDeletionPolicy: optional(pvcPolicy, 'What happens to the data volumes.'),
    placement: optional(placement, 'Where the pods may run.'),
  }),
  {
    'only managed etcd is possible here: add etcd; an empty one ({}) takes all defaults':
      'has(self.etcd)',
  },
);

export const topoRef = struct('TopoRef', 'How components reach the global topology server.', {
  address: required(
    string({ minLength: 1, maxLength: 512 }),
    'Address of the server; several are separated by commas.',
  ),
  rootPath: required(rootPath, 'Prefix of all keys.'),
  implementation: required(string({ minLength: 1, maxLength: 63 }), 'Protocol of the server.'),
  ...credentials,
});

export const topoServer = {
  kind: 'TopoServer',
  plural: 'toposervers',
  shortName: 'tps',
  doc: 'A managed topology server, of a cluster or of one cell.',
  writtenBy: 'operator',
  spec: topoServerSpec,
  status: struct('TopoServerStatus', 'State of a topology server.', {
    ...commonStatus,
    clientService: optional(text, 'Service for clients.'),
    peerService: optional(text, 'Service between the members.'),
  }),
  columns: [
    { name: 'Ready', type: 'string', jsonPath: conditionPath('Available') },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Message', type: 'string', jsonPath: '.status.message', priority: 1 },
  ],
} satisfies Kind;
