import { int32, list, optional, required, rule, string, struct, type StructSchema } from './dsl.ts';
import { resourceRequirements } from './embedded.ts';
import { endpointUrl, imageRef, rootPath, secretName253, templateRef, text } from './scalars.ts';
import { pvcPolicy, pvcPolicyInList, storage } from './storage.ts';
import { placement } from './workloads.ts';

const etcdWith = (policy: StructSchema): StructSchema =>
  struct('Etcd', 'An etcd that the operator runs.', {
    image: optional(imageRef, "Image of etcd. Absent: the operator's default."),
    replicas: optional(
      int32({
        minimum: 1,
        rules: [
          rule(
            'self % 2 == 1',
            'etcd needs an odd number of replicas to form a majority: use 1, 3, 5 or 7',
          ),
        ],
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

const etcd = etcdWith(pvcPolicy);

const externalTopo = struct('ExternalTopo', 'A topology server that others run.', {
  endpoints: required(
    list(endpointUrl, {
      listType: 'set',
      minItems: 1,
      maxItems: 20,
      rules: [
        rule(
          "self.all(e, e.startsWith('http://') || e.startsWith('https://'))",
          'an endpoint has no scheme: write it as http://host:port or https://host:port',
        ),
      ],
    }),
    'Addresses, each with http:// or https://.',
  ),
  implementation: optional(text, 'Protocol of the server. Default: etcd.'),
  caSecret: optional(secretName253, 'Secret with the CA certificate of the server, key ca.crt.'),
  clientCertSecret: optional(
    secretName253,
    'Secret with the client certificate to show, keys tls.crt and tls.key.',
  ),
  rootPath: optional(rootPath, 'Prefix of all keys.'),
});

const localTopoWith = (managed: StructSchema): StructSchema =>
  struct(
    'LocalTopo',
    'The topology server of one cell: managed etcd or an external one.',
    {
      etcd: optional(managed, 'An etcd that the operator runs.'),
      external: optional(externalTopo, 'A topology server that others run.'),
    },
    {
      rules: [
        rule(
          'has(self.etcd) || has(self.external)',
          'a local topology server needs etcd or external: add one, or remove the block to use the global one',
        ),
        rule(
          '!(has(self.etcd) && has(self.external))',
          'etcd and external exclude each other: remove one of them',
        ),
      ],
    },
  );

export const localTopo = localTopoWith(etcd);
/** Within the list of cells. */
export const localTopoInList = localTopoWith(etcdWith(pvcPolicyInList));

export const globalTopo = struct(
  'GlobalTopo',
  'The topology server of the whole cluster.',
  {
    etcd: optional(etcd, 'An etcd that the operator runs.'),
    external: optional(externalTopo, 'A topology server that others run.'),
    templateRef: optional(templateRef, 'CoreTemplate to take the topology server from.'),
    pvcDeletionPolicy: optional(pvcPolicy, 'What happens to the data volumes of managed etcd.'),
    placement: optional(placement, 'Where the pods of managed etcd may run.'),
  },
  {
    rules: [
      rule(
        '[has(self.etcd), has(self.external), has(self.templateRef)].filter(x, x).size() == 1',
        'give exactly one of etcd, external and templateRef; an empty etcd ({}) takes all defaults',
      ),
    ],
  },
);

/** Spec of a TopoServer, and the topology part of a CoreTemplate. */
export const topoServerSpec = struct(
  'TopoServerSpec',
  'A managed topology server.',
  {
    etcd: optional(etcd, 'The etcd to run. It must be there, and may be empty.'),
    pvcDeletionPolicy: optional(pvcPolicy, 'What happens to the data volumes.'),
    placement: optional(placement, 'Where the pods may run.'),
  },
  {
    rules: [
      rule(
        'has(self.etcd)',
        'only managed etcd is possible here: add etcd; an empty one ({}) takes all defaults',
      ),
    ],
  },
);

export const topoRef = struct('TopoRef', 'How components reach the global topology server.', {
  address: required(
    string({ minLength: 1, maxLength: 512 }),
    'Address of the server; several are separated by commas.',
  ),
  rootPath: required(rootPath, 'Prefix of all keys.'),
  implementation: required(string({ minLength: 1, maxLength: 63 }), 'Protocol of the server.'),
  caSecret: optional(secretName253, 'Secret with the CA certificate of the server, key ca.crt.'),
  clientCertSecret: optional(
    secretName253,
    'Secret with the client certificate to show, keys tls.crt and tls.key.',
  ),
});
