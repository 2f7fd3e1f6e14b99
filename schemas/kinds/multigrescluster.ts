import { STORED } from '../defaults/stored.ts';
import { backup } from './backup.ts';
import { cellConfigs } from './cell.ts';
import { databaseConfigs } from './database-config.ts';
import {
  defaulted,
  enumeration,
  type Field,
  inline,
  type Kind,
  optional,
  required,
  ruled,
  string,
  struct,
} from './dsl.ts';
import { multigresClusterStatus } from './multigrescluster-status.ts';
import {
  componentImages,
  conditionPath,
  external,
  imagePull,
  internalTls,
  logLevelsFrom,
  observability,
  passwordRef,
  pruning,
  pvcPolicy,
} from './parts.ts';
import { pullPolicy, roleName, templateRef, text } from './scalars.ts';
import { globalTopo } from './topology.ts';
import { placement, stateless } from './workloads.ts';

const admin = <More extends Record<string, Field>>(more: More) =>
  ruled(
    inline({
      spec: optional(stateless, 'The pods, written out.'),
      templateRef: optional(templateRef, 'CoreTemplate to take the pods from.'),
      ...more,
    }),
    {
      'give spec or templateRef; an empty spec ({}) takes all defaults':
        'has(self.spec) || has(self.templateRef)',
      'spec and templateRef exclude each other: remove one of them':
        '!(has(self.spec) && has(self.templateRef))',
    },
  );

const multiadmin = admin({ placement: optional(placement, 'Where the pods may run.') });

const imageUpdatePolicy = inline({
  strategy: optional(
    enumeration(['immediate', 'lazy']),
    "immediate adopts the operator's new default images at once, lazy waits for acknowledgedRevision. Absent: the operator's setting.",
  ),
  acknowledgedRevision: optional(
    string({ maxLength: 64, pattern: '^[0-9a-f]*$', patternText: 'hexadecimal digits' }),
    'Revision of default images to adopt under lazy; status.images.availableRevision names it.',
  ),
});

const templateDefaults = inline({
  coreTemplate: optional(templateRef, 'CoreTemplate for all that names none.'),
  cellTemplate: optional(templateRef, 'CellTemplate for all cells that name none.'),
  shardTemplate: optional(templateRef, 'ShardTemplate for all shards that name none.'),
});

export const multigresClusterSpec = struct('MultigresClusterSpec', 'What a cluster shall be.', {
  images: defaulted(
    inline({
      ...imagePull.fields,
      ...componentImages.fields,
      imagePullPolicy: defaulted(
        pullPolicy,
        STORED.images.imagePullPolicy,
        'When to pull. Default: IfNotPresent.',
      ),
    }),
    {},
    "Images. One that is named here is pinned; the others follow the operator's defaults.",
  ),
  imageUpdatePolicy: optional(imageUpdatePolicy, 'When new default images are adopted.'),
  logLevels: defaulted(logLevelsFrom(STORED.logLevels), {}, 'How much each component logs.'),
  templateDefaults: optional(templateDefaults, 'Templates for all that names none.'),
  globalTopoServer: optional(globalTopo, 'Topology server of the cluster. Default: managed etcd.'),
  multiadmin: optional(multiadmin, 'The admin service.'),
  multiadminWeb: optional(admin({}), 'The admin page.'),
  cells: optional(cellConfigs, 'Cells of the cluster. They can be added, not removed.'),
  databases: defaulted(databaseConfigs, STORED.databases, 'Databases. Absent: one named postgres.'),
  pvcDeletionPolicy: defaulted(
    pvcPolicy,
    STORED.pvcDeletionPolicy,
    'What happens to data volumes. If the key is absent they are deleted with the cluster: set whenDeleted to Retain to keep them.',
  ),
  observability: optional(observability, 'OpenTelemetry settings.'),
  backup: defaulted(
    backup,
    STORED.backup,
    'Where backups go. Absent: on a volume of 10Gi for each shard.',
  ),
  externalGateway: optional(external, 'Access to the gateway from outside.'),
  externalAdminWeb: optional(external, 'Access to the admin page from outside.'),
  topologyPruning: defaulted(pruning, STORED.topologyPruning, 'Removal of stale topology records.'),
  durabilityPolicy: defaulted(
    text,
    STORED.durabilityPolicy,
    'Which poolers must confirm a write: AT_LEAST_2 (any two, the default) or MULTI_CELL_AT_LEAST_2 (two in different cells).',
  ),
  postgresSuperuser: defaulted(
    roleName,
    STORED.postgresSuperuser,
    'Name of the superuser that initdb creates.',
  ),
  postgresPasswordSecretRef: required(passwordRef, 'Password of the superuser.'),
  internalTLS: optional(internalTls, 'TLS between the components.'),
  certCommonName: optional(
    text,
    "Common name of the gateway's certificate towards clients. Absent: no TLS towards clients.",
  ),
});

export const multigresCluster = ruled<Kind>(
  {
    kind: 'MultigresCluster',
    plural: 'multigresclusters',
    shortName: 'mgc',
    doc: 'A Multigres cluster: Postgres with gateways, poolers and automatic failover over cells.',
    writtenBy: 'user',
    spec: multigresClusterSpec,
    status: multigresClusterStatus,
    columns: [
      { name: 'Available', type: 'string', jsonPath: conditionPath('Available') },
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
      { name: 'Images', type: 'string', jsonPath: '.status.images.appliedRevision', priority: 1 },
      { name: 'Primary', type: 'string', jsonPath: '.status.shards.*.primary', priority: 1 },
      { name: 'Cohort', type: 'string', jsonPath: '.status.shards.*.cohort', priority: 1 },
      { name: 'Doing', type: 'string', jsonPath: '.status.shards.*.doing', priority: 1 },
      { name: 'Message', type: 'string', jsonPath: '.status.message' },
    ],
  },
  {
    'the name of a cluster is too long, as other names are made from it: use at most 25 characters':
      'self.metadata.name.size() <= 25',
  },
);
