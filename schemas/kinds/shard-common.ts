import { backup } from './backup.ts';
import { type Field, map, optional, required } from './dsl.ts';
import { shardImages } from './images.ts';
import { logLevels, observability } from './observability.ts';
import { databaseName, roleName, tableGroupName, text } from './scalars.ts';
import { internalTls, passwordRef, pruning } from './settings.ts';
import { pvcPolicy } from './storage.ts';
import { topoRef } from './topology.ts';

/** Fields that a TableGroup hands on to its Shards. */
export const shardContext: Record<string, Field> = {
  databaseName: required(databaseName, 'Name of the database.'),
  tableGroupName: required(tableGroupName, 'Name of the table group.'),
  images: required(shardImages, 'Images.'),
  globalTopoServer: required(topoRef, 'The global topology server.'),
  pvcDeletionPolicy: optional(pvcPolicy, 'What happens to data volumes when pods go.'),
  internalTLS: optional(internalTls, 'TLS between the components.'),
  observability: optional(observability, 'OpenTelemetry settings.'),
  logLevels: optional(logLevels, 'How much each component logs.'),
  backup: optional(backup, 'Where backups go.'),
  topologyPruning: optional(pruning, 'Removal of stale topology records.'),
  cellTopologyLabels: optional(map(map(text)), 'For each cell the Node labels that its pods need.'),
  durabilityPolicy: optional(text, 'Which poolers must confirm a write.'),
  postgresSuperuser: optional(roleName, 'Name of the superuser.'),
  postgresPasswordSecretRef: required(passwordRef, 'Password of the superuser.'),
};
